import { Field, ID, InputType } from 'type-graphql';
import { Rule } from './rule.js';
import { ENVIRONMENT_NAME } from './workload.rules.js';

@InputType()
export class CreateEnvironmentInput {
  @Rule(ENVIRONMENT_NAME)
  @Field({ description: 'Unique in its team.' })
  name!: string;

  @Field(() => ID, { nullable: true, description: 'Default: the personal team, or the one that the token is held to.' })
  teamId?: string | null;
}
