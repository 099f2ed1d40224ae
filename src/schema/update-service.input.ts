import { Field, ID, InputType, Int } from 'type-graphql';
import { Rule } from './rule.js';
import { ServicePreviewsInput } from './service-previews.input.js';
import { ServiceSourceInput } from './service-source.input.js';
import { VARIABLE_CHANGES } from './variables.rule.js';
import { Variables } from './variables.scalar.js';
import { HealthCheckInput, PreDeployInput, ResourcesInput } from './workload.inputs.js';
import { DEPLOY_TIMEOUT, IMAGE, PORT, REPLICAS, SERVICE_NAME, WORDS } from './workload.rules.js';

@InputType({ description: 'Any field of a deploy; what is left out stays as it is. A changed image, command, port, check, limit or variable is a new deployment.' })
export class UpdateServiceInput {
  @Rule(SERVICE_NAME)
  @Field(() => String, { nullable: true, description: 'Only the name that it has: a service is not renamed.' })
  name?: string | null;

  @Rule(IMAGE)
  @Field(() => String, { nullable: true })
  image?: string | null;

  @Rule(PORT)
  @Field(() => Int, { nullable: true, description: 'null makes it a worker.' })
  containerPort?: number | null;

  @Field(() => Boolean, { nullable: true })
  public?: boolean | null;

  @Rule(REPLICAS)
  @Field(() => Int, { nullable: true })
  replicas?: number | null;

  @Rule(VARIABLE_CHANGES)
  @Field(() => Variables, { nullable: true, description: 'Variables to set; a value of null takes one away, and the others stay.' })
  env?: Record<string, string | null> | null;

  @Rule(VARIABLE_CHANGES)
  @Field(() => Variables, { nullable: true, description: 'Secrets of its builds to set; a value of null takes one away, and the others stay. It is built anew with them.' })
  buildSecrets?: Record<string, string | null> | null;

  @Rule(WORDS)
  @Field(() => [String], { nullable: true, description: "null: the image's own." })
  command?: string[] | null;

  @Rule(WORDS)
  @Field(() => [String], { nullable: true, description: "null: the image's own." })
  args?: string[] | null;

  @Field(() => HealthCheckInput, { nullable: true, description: 'null takes it away.' })
  healthCheck?: HealthCheckInput | null;

  @Field(() => ResourcesInput, { nullable: true, description: 'null: the defaults.' })
  resources?: ResourcesInput | null;

  @Field(() => ServiceSourceInput, { nullable: true, description: 'As a whole; null: it follows no repository any more.' })
  source?: ServiceSourceInput | null;

  @Field(() => ServicePreviewsInput, { nullable: true, description: 'As a whole, but for its variables; null: it takes no part in previews any more.' })
  previews?: ServicePreviewsInput | null;

  @Field(() => PreDeployInput, { nullable: true, description: 'null takes it away.' })
  preDeploy?: PreDeployInput | null;

  @Rule(DEPLOY_TIMEOUT)
  @Field(() => Int, { nullable: true, description: 'null: as the installation has it.' })
  deployTimeoutSeconds?: number | null;

  @Field(() => ID, { nullable: true, description: 'Only the team that it is in.' })
  teamId?: string | null;

  @Field(() => String, { nullable: true, description: 'Only the environment that it is in.' })
  environment?: string | null;
}
