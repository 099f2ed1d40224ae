import { Entity, Enum, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { newId, timestamp } from './columns.js';
import { DeploymentStep } from './deployment-event.js';
import { DeploymentState, DeploymentTrigger, ReasonCode } from './deployment-state.js';
import { Release } from './release.js';
import { Service } from './service.js';
import type { WorkloadSpec } from './workload-spec.js';

/** Why, as a code for programs and a sentence that a person can act on. */
@ObjectType({ simpleResolvers: true, description: 'Why, as a code for programs and a sentence that a person can act on.' })
export class DeploymentReason {
  @Field(() => ReasonCode)
  code!: ReasonCode;

  @Field()
  message!: string;

  /** Filled by a field resolver. */
  @Field(() => [String], { nullable: true, description: 'What the container said last, where it failed; null for who may not read logs.' })
  lastLines?: string[] | null;
}

/** One attempt to make a release live. It ends exactly once, with the truth. */
@ObjectType({ simpleResolvers: true, description: 'One attempt to make a release live. It ends exactly once.' })
@Entity({ tableName: 'deployment' })
@Index({ properties: ['serviceId', 'createdAt', 'id'] })
@Index({
  name: 'deployment_one_unfinished',
  expression: `create unique index deployment_one_unfinished on deployment (service_id) where state in ('QUEUED', 'PREPARING', 'BUILDING', 'PRE_DEPLOY', 'ROLLING_OUT')`,
})
export class Deployment {
  @Field(() => ID)
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @Field(() => ID)
  @ManyToOne({ entity: () => Service, mapToPk: true, fieldName: 'service_id' })
  serviceId!: string;

  @Field(() => DeploymentState)
  @Enum({ items: () => DeploymentState })
  state: DeploymentState = DeploymentState.QUEUED;

  @Field(() => DeploymentTrigger)
  @Enum({ items: () => DeploymentTrigger })
  trigger!: DeploymentTrigger;

  /** Who asked; null for the system. */
  @Property({ type: 'uuid', nullable: true })
  accountId: string | null = null;

  @Property({ type: 'uuid', nullable: true })
  tokenId: string | null = null;

  @Field({ description: 'As it was asked for.' })
  @Property({ type: 'text' })
  image!: string;

  @Field(() => String, { nullable: true, description: 'The commit of the push that it was made for.' })
  @Property({ type: 'text', nullable: true, fieldName: 'commit_sha' })
  commit: string | null = null;

  /** The pinned request: what the release will be made of. */
  @Property({ type: 'json' })
  spec!: WorkloadSpec;

  /** The exact rows of `variable` and of `env_group_variable` at the time of the request, one for each key. */
  @Property({ type: 'json' })
  variableIds: string[] = [];

  @Field(() => String, { nullable: true, description: 'What the tag was resolved to: `sha256:…`.' })
  @Property({ type: 'text', nullable: true })
  digest: string | null = null;

  /** The registry whose credential its pods pull with, as its team has it at that moment; null where the team had none when it was prepared. */
  @Property({ type: 'text', nullable: true })
  pullRegistry: string | null = null;

  @ManyToOne({ entity: () => Release, mapToPk: true, fieldName: 'release_id', nullable: true })
  releaseId: string | null = null;

  @Field(() => ID, { nullable: true, description: 'The release of another environment that it was promoted from.' })
  @Property({ type: 'uuid', nullable: true })
  fromReleaseId: string | null = null;

  /** Its pre-deploy step exists in the cluster since then; it is never made twice. */
  @Property({ ...timestamp, nullable: true })
  preDeployStartedAt: Date | null = null;

  /** What the container said last, sealed: a log may hold anything. */
  @Property({ type: 'text', nullable: true })
  sealedLastLines: string | null = null;

  @Enum({ items: () => ReasonCode, nullable: true })
  reasonCode: ReasonCode | null = null;

  @Property({ type: 'text', nullable: true })
  reasonMessage: string | null = null;

  /** Since when the rollout runs; its deadline counts from here. Null while it waits for a cluster or a paused service. */
  @Property({ ...timestamp, nullable: true })
  rolloutStartedAt: Date | null = null;

  @Field(() => Date)
  @Property({ ...timestamp })
  createdAt: Date = new Date();

  @Field(() => Date, { nullable: true })
  @Property({ ...timestamp, nullable: true })
  endedAt: Date | null = null;

  /** Not columns: filled by the query that reads the row, or by a field resolver. */
  @Field(() => Int, { nullable: true, description: "Number of the release; null until it is written." })
  release?: number | null;

  @Field(() => DeploymentReason, { nullable: true })
  reason?: DeploymentReason | null;

  @Field(() => [DeploymentStep])
  steps?: DeploymentStep[];
}
