import { Field, Int, ObjectType } from 'type-graphql';
import { BuildState } from '../entities/build-state.js';

@ObjectType({ simpleResolvers: true })
export class BuildLogLine {
  @Field(() => Int, { description: 'From 1 on, without a gap.' })
  number!: number;

  @Field(() => Date)
  timestamp!: Date;

  @Field(() => String, { nullable: true, description: 'The step of the Dockerfile that said it.' })
  step!: string | null;

  @Field()
  message!: string;
}

@ObjectType({ simpleResolvers: true, description: 'Some lines of a build, in their order.' })
export class BuildLogBatch {
  @Field(() => [BuildLogLine])
  lines!: BuildLogLine[];

  @Field({ description: 'Go on behind these lines by giving it as `after`.' })
  cursor!: string;

  @Field(() => BuildState, { description: 'Of the build, as it was before these lines were read.' })
  state!: BuildState;
}
