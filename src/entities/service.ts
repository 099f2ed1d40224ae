import type { Rel } from '@mikro-orm/core';
import { Entity, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { newId, timestamp } from './columns.js';
import { Deployment } from './deployment.js';
import { Environment } from './environment.js';
import { ServicePreviews } from './service-previews.js';
import { ServiceSource, type LastPush } from './service-source.js';
import { ServiceStatus } from './service-status.js';
import { Team } from './team.js';
import { DEFAULT_RESOURCES, HealthCheck, PreDeploy, Resources, type WorkloadSpec } from './workload-spec.js';

/**
 * What a user wants to run. The row is the intent (its `generation` grows with each change); the observed columns are
 * written by the reconciler, so that no list ever asks the cluster. Without a `containerPort` it is a worker.
 */
@ObjectType({ simpleResolvers: true, description: 'What a user wants to run, and how it is.' })
@Entity({ tableName: 'service' })
@Index({ properties: ['teamId', 'createdAt', 'id'] })
@Index({ name: 'service_environment_name_unique', expression: 'create unique index service_environment_name_unique on service (environment_id, name) where deleted_at is null' })
@Index({ name: 'service_source_index', expression: `create index service_source_index on service (lower(source->>'repository'), (source->>'branch')) where deleted_at is null` })
export class Service implements WorkloadSpec {
  @Field(() => ID)
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @Field(() => ID)
  @ManyToOne({ entity: () => Team, mapToPk: true, fieldName: 'team_id' })
  teamId!: string;

  @ManyToOne({ entity: () => Environment, mapToPk: true, fieldName: 'environment_id' })
  environmentId!: string;

  @Field()
  @Property({ type: 'text' })
  name!: string;

  @Field()
  @Property({ type: 'text' })
  image!: string;

  @Field(() => [String], { nullable: true })
  @Property({ type: 'json', nullable: true })
  command: string[] | null = null;

  @Field(() => [String], { nullable: true })
  @Property({ type: 'json', nullable: true })
  args: string[] | null = null;

  @Field(() => Int, { nullable: true, description: 'Null for a worker.' })
  @Property({ type: 'integer', nullable: true })
  containerPort: number | null = null;

  @Field()
  @Property({ type: 'boolean', fieldName: 'public' })
  public: boolean = false;

  @Field(() => Int, { description: 'As many as were asked for.' })
  @Property({ type: 'integer' })
  replicas: number = 1;

  @Field(() => HealthCheck, { nullable: true })
  @Property({ type: 'json', nullable: true })
  healthCheck: HealthCheck | null = null;

  @Field(() => Resources)
  @Property({ type: 'json' })
  resources: Resources = { ...DEFAULT_RESOURCES };

  @Field(() => ServiceSource, { nullable: true, description: 'The repository that it follows, where it does.' })
  @Property({ type: 'json', nullable: true })
  source: ServiceSource | null = null;

  @Field(() => ServicePreviews, { nullable: true, description: 'Null: it takes no part in previews.' })
  @Property({ type: 'json', nullable: true })
  previews: ServicePreviews | null = null;

  @Property({ type: 'json', nullable: true })
  lastPush: LastPush | null = null;

  /** Secret of its own webhook, sealed by the vault for the team and this row. */
  @Property({ type: 'text', nullable: true })
  sealedWebhookSecret: string | null = null;

  @Field(() => PreDeploy, { nullable: true })
  @Property({ type: 'json', nullable: true })
  preDeploy: PreDeploy | null = null;

  @Field(() => Int, { nullable: true, description: 'A rollout that is not ready by then has failed; null: as the installation has it.' })
  @Property({ type: 'integer', nullable: true })
  deployTimeoutSeconds: number | null = null;

  @Field()
  @Property({ type: 'boolean' })
  paused: boolean = false;

  @Property({ type: 'integer' })
  generation: number = 1;

  /** The generation that the columns below tell of. */
  @Property({ type: 'integer' })
  observedGeneration: number = 0;

  @Field(() => Int, { description: 'As many as are ready, as last seen.' })
  @Property({ type: 'integer' })
  readyReplicas: number = 0;

  /** The public address answered, as last seen. */
  @Property({ type: 'boolean' })
  addressAnswers: boolean = false;

  @Field(() => String, { nullable: true, description: 'What keeps it from running, where something does.' })
  @Property({ type: 'text', nullable: true })
  statusMessage: string | null = null;

  /** The deployment that serves now. */
  @ManyToOne({ entity: () => Deployment, mapToPk: true, fieldName: 'current_deployment_id', nullable: true })
  currentDeploymentId: string | null = null;

  @ManyToOne({ entity: () => Deployment, mapToPk: true, fieldName: 'latest_deployment_id', nullable: true })
  latestDeploymentId: string | null = null;

  @Field(() => Date)
  @Property({ ...timestamp })
  createdAt: Date = new Date();

  @Property({ ...timestamp, nullable: true })
  deletedAt: Date | null = null;

  /** Not columns: filled by the query that reads the row (`resolvers/service/service-rows.ts`). */
  @Field(() => ServiceStatus)
  status?: ServiceStatus;

  @Field(() => Environment)
  environment?: Rel<Environment>;

  @Field(() => String, { nullable: true, description: 'Null unless public; it serves once the status is RUNNING.' })
  url?: string | null;

  @Field(() => Deployment, { nullable: true, description: 'What serves now.' })
  currentDeployment?: Rel<Deployment> | null;

  @Field(() => Deployment, { nullable: true })
  latestDeployment?: Rel<Deployment> | null;
}
