import { Entity, Enum, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { newId, timestamp } from './columns.js';
import { Deployment } from './deployment.js';
import { DeploymentState } from './deployment-state.js';

export enum StepName {
  PREPARE = 'PREPARE',
  BUILD = 'BUILD',
  PRE_DEPLOY = 'PRE_DEPLOY',
  ROLL_OUT = 'ROLL_OUT',
}
registerEnumType(StepName, { name: 'StepName' });

export enum StepState {
  RUNNING = 'RUNNING',
  DONE = 'DONE',
  FAILED = 'FAILED',
  CANCELED = 'CANCELED',
}
registerEnumType(StepState, { name: 'StepState' });

/** One step of a deployment, folded from its events. */
@ObjectType({ simpleResolvers: true, description: 'One step of a deployment, folded from its events.' })
export class DeploymentStep {
  @Field(() => StepName)
  name!: StepName;

  @Field(() => StepState)
  state!: StepState;

  @Field(() => Date)
  startedAt!: Date;

  @Field(() => Date, { nullable: true })
  endedAt!: Date | null;

  @Field(() => String, { nullable: true })
  message!: string | null;
}

/** What happened to a deployment, numbered from 1 without a gap: a cursor resumes exactly, on any server. */
@ObjectType({ simpleResolvers: true, description: 'What happened to a deployment, numbered from 1 without a gap.' })
@Entity({ tableName: 'deployment_event' })
@Unique({ properties: ['deploymentId', 'number'] })
export class DeploymentEvent {
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @ManyToOne({ entity: () => Deployment, mapToPk: true, fieldName: 'deployment_id', deleteRule: 'cascade' })
  deploymentId!: string;

  @Field(() => Int)
  @Property({ type: 'integer' })
  number!: number;

  /** The deployment's state after this event. */
  @Field(() => DeploymentState)
  @Enum({ items: () => DeploymentState })
  state!: DeploymentState;

  @Field(() => StepName, { nullable: true })
  @Enum({ items: () => StepName, nullable: true })
  step: StepName | null = null;

  @Field(() => StepState, { nullable: true })
  @Enum({ items: () => StepState, nullable: true })
  stepState: StepState | null = null;

  @Field(() => String, { nullable: true })
  @Property({ type: 'text', nullable: true })
  message: string | null = null;

  @Field(() => Date)
  @Property({ ...timestamp })
  at: Date = new Date();
}
