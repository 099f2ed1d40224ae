import { Field, InputType, Int } from 'type-graphql';
import type { PreDeploy } from '../entities/workload-spec.js';
import { Rule } from './rule.js';
import { CHECK_INTERVAL, CHECK_PATH, CHECK_TIMEOUT, CPU, DEPLOY_TIMEOUT, MEMORY, WORDS } from './workload.rules.js';

@InputType({ description: 'GET `path` on the container\'s port; the service gets requests while it answers 200 to 399.' })
export class HealthCheckInput {
  @Rule(CHECK_PATH)
  @Field()
  path!: string;

  @Rule(CHECK_INTERVAL)
  @Field(() => Int, { defaultValue: 10 })
  intervalSeconds!: number;

  @Rule(CHECK_TIMEOUT)
  @Field(() => Int, { defaultValue: 5 })
  timeoutSeconds!: number;
}

@InputType({ description: 'The most that one replica may use, in Kubernetes\' quantities.' })
export class ResourcesInput {
  @Rule(CPU)
  @Field(() => String, { nullable: true, description: 'Default: 500m.' })
  cpu?: string | null;

  @Rule(MEMORY)
  @Field(() => String, { nullable: true, description: 'Default: 256Mi.' })
  memory?: string | null;
}

@InputType({ description: 'Runs once, as a Job of the new image with the new variables, before the rollout begins. When it fails, the deployment fails and nothing changes.' })
export class PreDeployInput {
  @Rule(WORDS)
  @Field(() => [String], { description: "In place of the image's entrypoint, e.g. `[\"npm\", \"run\", \"migrate\"]`." })
  command!: string[];

  @Rule(WORDS)
  @Field(() => [String], { nullable: true })
  args?: string[] | null;

  @Rule(DEPLOY_TIMEOUT)
  @Field(() => Int, { defaultValue: 300 })
  timeoutSeconds!: number;
}

/** As a row keeps it. */
export const preDeployOf = (input: PreDeployInput | null | undefined): PreDeploy | null =>
  input ? { command: [...input.command], args: input.args ? [...input.args] : null, timeoutSeconds: input.timeoutSeconds } : null;
