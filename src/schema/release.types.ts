import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { HealthCheck, PreDeploy, Resources } from '../entities/workload-spec.js';
import { connectionOf } from './connection.js';

@ObjectType('Release', { simpleResolvers: true, description: 'What a deployment runs: it never changes. Its variables are told by name and revision, never by value.' })
export class ReleaseView {
  @Field(() => ID)
  id!: string;

  @Field(() => ID)
  serviceId!: string;

  @Field(() => Int, { description: 'Counted for each service, from 1.' })
  number!: number;

  @Field()
  image!: string;

  @Field(() => String, { nullable: true, description: 'What exactly runs; null where the registry could not be asked.' })
  digest!: string | null;

  @Field(() => [String], { nullable: true })
  command!: string[] | null;

  @Field(() => [String], { nullable: true })
  args!: string[] | null;

  @Field(() => Int, { nullable: true })
  containerPort!: number | null;

  @Field(() => HealthCheck, { nullable: true })
  healthCheck!: HealthCheck | null;

  @Field(() => Resources)
  resources!: Resources;

  @Field(() => PreDeploy, { nullable: true })
  preDeploy!: PreDeploy | null;

  @Field(() => String, { nullable: true, description: 'Of the manifest that its pods are made from: equal hashes run the same.' })
  manifestHash!: string | null;

  @Field(() => [ReleaseVariable])
  variables?: ReleaseVariable[];

  @Field(() => Date)
  createdAt!: Date;

  variableIds!: string[];
}

@ObjectType({ simpleResolvers: true })
export class ReleaseVariable {
  @Field()
  key!: string;

  @Field(() => Int)
  revision!: number;

  @Field(() => String, { nullable: true, description: 'The group that it comes from; null for the service\'s own.' })
  group!: string | null;
}

export enum ReleaseChange {
  ADDED = 'ADDED',
  REMOVED = 'REMOVED',
  CHANGED = 'CHANGED',
}
registerEnumType(ReleaseChange, { name: 'ReleaseChange' });

@ObjectType({ simpleResolvers: true })
export class ReleaseFieldDiff {
  @Field()
  field!: string;

  @Field(() => String, { nullable: true, description: 'As JSON.' })
  before!: string | null;

  @Field(() => String, { nullable: true, description: 'As JSON.' })
  after!: string | null;
}

@ObjectType({ simpleResolvers: true })
export class ReleaseVariableDiff {
  @Field()
  key!: string;

  @Field(() => ReleaseChange)
  change!: ReleaseChange;
}

@ObjectType({ simpleResolvers: true, description: 'From the first to the second. No value of a variable is shown.' })
export class ReleaseDiff {
  @Field({ description: 'Both run exactly the same.' })
  same!: boolean;

  @Field(() => ReleaseView)
  releaseA!: ReleaseView;

  @Field(() => ReleaseView)
  releaseB!: ReleaseView;

  @Field(() => [ReleaseFieldDiff])
  fields!: ReleaseFieldDiff[];

  @Field(() => [ReleaseVariableDiff])
  variables!: ReleaseVariableDiff[];
}

export const ReleaseConnection = connectionOf(ReleaseView, 'Release');
