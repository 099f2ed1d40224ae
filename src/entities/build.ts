import { Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { BuildState } from './build-state.js';
import { newId, timestamp } from './columns.js';
import { Deployment } from './deployment.js';
import { Service } from './service.js';
import { Team } from './team.js';

/** What is built, as the service's source was when it was asked for. */
export interface BuildRequest {
  repository: string;
  /** Without it, the installation's own. */
  host?: string;
  branch: string;
  path: string | null;
  dockerfile: string | null;
  target: string | null;
  buildArgs: Record<string, string> | null;
  /** Of the variables that are its secrets: rows that never change. */
  secretIds?: string[];
}

/** Makes the image of one deployment from a commit. */
@ObjectType({ simpleResolvers: true, description: 'Makes the image of one deployment from a commit.' })
@Entity({ tableName: 'build' })
@Index({ properties: ['serviceId', 'createdAt'] })
@Index({ name: 'build_unfinished', expression: `create index build_unfinished on build (created_at) where state in ('QUEUED', 'RUNNING')` })
export class Build {
  @Field(() => ID)
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @Unique()
  @ManyToOne({ entity: () => Deployment, mapToPk: true, fieldName: 'deployment_id', deleteRule: 'cascade' })
  deploymentId!: string;

  @ManyToOne({ entity: () => Service, mapToPk: true, fieldName: 'service_id', deleteRule: 'cascade' })
  serviceId!: string;

  @ManyToOne({ entity: () => Team, mapToPk: true, fieldName: 'team_id' })
  teamId!: string;

  @Field(() => BuildState)
  @Enum({ items: () => BuildState })
  state: BuildState = BuildState.QUEUED;

  @Property({ type: 'json' })
  request!: BuildRequest;

  @Field(() => String, { nullable: true, description: "Null until it is known, where the branch's newest one was asked for." })
  @Property({ type: 'text', nullable: true, fieldName: 'commit_sha' })
  commit: string | null = null;

  @Field(() => String, { nullable: true, description: 'Of the image that it made: `sha256:…`.' })
  @Property({ type: 'text', nullable: true })
  digest: string | null = null;

  @Field(() => String, { nullable: true, description: 'The step of the Dockerfile that failed, as in `[2/3] RUN npm test`.' })
  @Property({ type: 'text', nullable: true })
  failingStep: string | null = null;

  @Field(() => String, { nullable: true, description: 'Why it failed, or what it waits for.' })
  @Property({ type: 'text', nullable: true })
  message: string | null = null;

  /** Which run of which server is at it, and when that was last heard of; whoever is not it any more writes nothing. */
  @Property({ type: 'uuid', nullable: true })
  runner: string | null = null;

  @Property({ ...timestamp, nullable: true })
  heardAt: Date | null = null;

  /** How often it was begun: a server may die over it. */
  @Property({ type: 'integer' })
  attempts: number = 0;

  @Field(() => Date)
  @Property({ ...timestamp })
  createdAt: Date = new Date();

  @Field(() => Date, { nullable: true })
  @Property({ ...timestamp, nullable: true })
  startedAt: Date | null = null;

  @Field(() => Date, { nullable: true })
  @Property({ ...timestamp, nullable: true })
  endedAt: Date | null = null;

  /** No column: read off the two times. */
  @Field(() => Int, { nullable: true, description: 'How long it took, in milliseconds.' })
  get milliseconds(): number | null {
    return this.startedAt && this.endedAt ? this.endedAt.getTime() - this.startedAt.getTime() : null;
  }
}
