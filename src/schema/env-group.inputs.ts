import { Field, ID, InputType } from 'type-graphql';
import { Rule } from './rule.js';
import { VARIABLE_CHANGES, VARIABLES } from './variables.rule.js';
import { Variables } from './variables.scalar.js';
import { GROUP_NAME } from './workload.rules.js';

@InputType()
export class CreateEnvGroupInput {
  @Rule(GROUP_NAME)
  @Field({ description: 'Unique in its team.' })
  name!: string;

  @Rule(VARIABLES)
  @Field(() => Variables, { nullable: true, description: 'They are sealed at rest and write-only.' })
  variables?: Record<string, string> | null;

  @Field(() => ID, { nullable: true, description: 'Default: the personal team, or the one that the token is held to.' })
  teamId?: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the one environment that it is for. Default: all of them.' })
  environment?: string | null;
}

@InputType()
export class UpdateEnvGroupInput {
  @Rule(GROUP_NAME)
  @Field(() => String, { nullable: true })
  name?: string | null;

  @Rule(VARIABLE_CHANGES)
  @Field(() => Variables, { nullable: true, description: 'Variables to set; a value of null takes one away, and the others stay.' })
  variables?: Record<string, string | null> | null;

  @Field(() => Boolean, { nullable: true, defaultValue: false, description: 'Deploys each service that it is attached to anew. Needs a cluster.' })
  redeploy?: boolean | null;
}
