import type { Rel } from '@mikro-orm/core';
import { Entity, Enum, Index, ManyToOne, OneToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { newId, timestamp } from './columns.js';
import { Environment } from './environment.js';
import { ManagedDatabase } from './managed-database.js';
import { PreviewState } from './preview-state.js';
import { Service } from './service.js';
import { Team } from './team.js';

/**
 * A pull request as one team previews it. The row outlives its environment: it knows the last event of the pull request,
 * so that one that comes late does nothing, and what was approved. It keeps nothing of a payload but what a follower of
 * the repository sees anyway: whoever names a repository has not shown that it is his.
 */
@ObjectType({ simpleResolvers: true, description: 'A pull request, and the environment that previews it.' })
@Entity({ tableName: 'preview' })
@Index({ name: 'preview_pull_request_unique', expression: "create unique index preview_pull_request_unique on preview (team_id, lower(split_part(url, '/', 3)), lower(repository), number)" })
@Index({ properties: ['teamId', 'createdAt', 'id'] })
export class Preview {
  @Field(() => ID)
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @Field(() => ID)
  @ManyToOne({ entity: () => Team, mapToPk: true, fieldName: 'team_id' })
  teamId!: string;

  /** Null until it is opened, and when it is gone. */
  @OneToOne({ entity: () => Environment, mapToPk: true, fieldName: 'environment_id', nullable: true, deleteRule: 'set null', unique: true })
  environmentId: string | null = null;

  @Field({ description: '`owner/name`.' })
  @Property({ type: 'text' })
  repository!: string;

  @Field(() => Int, { description: 'Of the pull request.' })
  @Property({ type: 'integer' })
  number!: number;

  @Field({ description: 'Address of the pull request.' })
  @Property({ type: 'text' })
  url!: string;

  @Field({ description: 'The branch that is to be merged.' })
  @Property({ type: 'text' })
  branch!: string;

  @Field({ description: 'Its newest commit.' })
  @Property({ type: 'text', fieldName: 'commit_sha' })
  commit!: string;

  @Field({ description: 'It comes from another repository, or from one that is gone.' })
  @Property({ type: 'boolean' })
  fork: boolean = false;

  @Field(() => PreviewState)
  @Enum({ items: () => PreviewState })
  state: PreviewState = PreviewState.CLOSED;

  @Field(() => String, { nullable: true, description: 'Why it is as it is, and what to do.' })
  @Property({ type: 'text', nullable: true })
  message: string | null = null;

  @Field(() => [String], { description: 'What differs from the environment that it was copied from, e.g. that a database is a new, empty one.' })
  @Property({ type: 'json' })
  notes: string[] = [];

  @Field(() => String, { nullable: true, description: 'The commit of a fork that a member approved last.' })
  @Property({ type: 'text', nullable: true })
  approvedCommit: string | null = null;

  /** Who approved it; the audit log tells more. */
  @Property({ type: 'uuid', nullable: true })
  approvedBy: string | null = null;

  /** The pull request's own time of its last event, in seconds since 1970: an earlier one that comes late does nothing. */
  @Property({ type: 'integer' })
  lastEventAt: number = 0;

  /** The pull request itself is closed, and not only its preview. */
  @Property({ type: 'boolean' })
  ended: boolean = false;

  /** Its last event was signed with the installation's own secret, and not with one that a member made. */
  @Property({ type: 'boolean' })
  proven: boolean = false;

  /** It is closed when nothing has happened to it since for as long as the installation says. */
  @Field(() => Date)
  @Property({ ...timestamp })
  lastActivityAt: Date = new Date();

  /** Id of our one comment on the pull request. */
  @Property({ type: 'text', nullable: true })
  commentId: string | null = null;

  @Field(() => Date)
  @Property({ ...timestamp })
  createdAt: Date = new Date();

  @Field(() => Date, { nullable: true })
  @Property({ ...timestamp, nullable: true })
  closedAt: Date | null = null;

  /** Not columns: filled by the query that reads the row. */
  @Field(() => Environment, { nullable: true, description: '`pr-<number>-<repository>`, while it is open.' })
  environment?: Rel<Environment> | null;

  @Field(() => [Service], { description: 'The copies, with their addresses.' })
  services?: Rel<Service>[];

  @Field(() => [ManagedDatabase], { description: 'New, empty ones.' })
  databases?: Rel<ManagedDatabase>[];

  @Field(() => Date, { nullable: true, description: 'It is closed by then, unless something happens to the pull request.' })
  closesAt?: Date | null;
}
