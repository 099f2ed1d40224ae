import { Field, InputType, Int } from 'type-graphql';
import { Rule } from './rule.js';
import { CHECK_INTERVAL, CHECK_PATH, CHECK_TIMEOUT, CPU, MEMORY } from './workload.rules.js';

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
