import { Field, ID, InputType, Int } from 'type-graphql';
import { Rule } from './rule.js';
import { ServicePreviewsInput } from './service-previews.input.js';
import { ServiceSourceInput } from './service-source.input.js';
import { VARIABLES } from './variables.rule.js';
import { Variables } from './variables.scalar.js';
import { HealthCheckInput, PreDeployInput, ResourcesInput } from './workload.inputs.js';
import { DEPLOY_TIMEOUT, IMAGE, PORT, REPLICAS, SERVICE_NAME, WORDS } from './workload.rules.js';

@InputType()
export class DeployServiceInput {
  @Rule(SERVICE_NAME)
  @Field({ description: 'Unique in its environment.' })
  name!: string;

  @Rule(IMAGE)
  @Field(() => String, { nullable: true, description: 'Required, but where `source.autoDeploy` is BUILD: that makes it.' })
  image?: string | null;

  @Rule(PORT)
  @Field(() => Int, { nullable: true, description: 'Where the container listens. Without it the service is a worker: no address.' })
  containerPort?: number | null;

  @Field(() => Boolean, { nullable: true, defaultValue: false, description: 'Whether it has an address on the internet; needs a containerPort.' })
  public?: boolean | null;

  @Rule(REPLICAS)
  @Field(() => Int, { nullable: true, defaultValue: 1 })
  replicas?: number | null;

  @Rule(VARIABLES)
  @Field(() => Variables, { nullable: true, description: 'Its variables. They are sealed at rest and never given back.' })
  env?: Record<string, string> | null;

  @Rule(VARIABLES)
  @Field(() => Variables, { nullable: true, description: 'Of a BUILD: secrets for its steps, as in `RUN --mount=type=secret,id=NAME`. They are in no image, and never given back.' })
  buildSecrets?: Record<string, string> | null;

  @Rule(WORDS)
  @Field(() => [String], { nullable: true, description: "In place of the image's entrypoint." })
  command?: string[] | null;

  @Rule(WORDS)
  @Field(() => [String], { nullable: true, description: "In place of the image's command." })
  args?: string[] | null;

  @Field(() => HealthCheckInput, { nullable: true })
  healthCheck?: HealthCheckInput | null;

  @Field(() => ResourcesInput, { nullable: true })
  resources?: ResourcesInput | null;

  @Field(() => ServiceSourceInput, { nullable: true, description: 'The repository that it follows.' })
  source?: ServiceSourceInput | null;

  @Field(() => ServicePreviewsInput, { nullable: true, description: 'How it takes part in previews of pull requests. Default: not at all.' })
  previews?: ServicePreviewsInput | null;

  @Field(() => PreDeployInput, { nullable: true, description: 'Runs once before each rollout, e.g. a migration.' })
  preDeploy?: PreDeployInput | null;

  @Rule(DEPLOY_TIMEOUT)
  @Field(() => Int, { nullable: true, description: 'A rollout that is not ready by then has failed. Default: as the installation has it.' })
  deployTimeoutSeconds?: number | null;

  @Field(() => ID, { nullable: true, description: 'Default: the personal team, or the one that the token is held to.' })
  teamId?: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the environment. Default: production.' })
  environment?: string | null;
}
