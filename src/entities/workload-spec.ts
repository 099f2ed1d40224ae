import { Field, Int, ObjectType } from 'type-graphql';
import type { Fault } from '../errors.js';

/** GET `path` on the container's port; readiness and liveness follow it. Without one, a TCP connect is enough. */
@ObjectType({ simpleResolvers: true, description: "GET `path` on the container's port. Without one, a TCP connect is enough." })
export class HealthCheck {
  @Field()
  path!: string;

  @Field(() => Int)
  intervalSeconds!: number;

  @Field(() => Int)
  timeoutSeconds!: number;
}

/** Limits in Kubernetes' quantities, e.g. `500m` and `256Mi`. */
@ObjectType({ simpleResolvers: true, description: "The most that one replica may use, in Kubernetes' quantities." })
export class Resources {
  @Field()
  cpu!: string;

  @Field()
  memory!: string;
}

/** What runs once, as a Job of the new image with the new variables, before the rollout begins. */
@ObjectType({ simpleResolvers: true, description: 'What runs once, with the new image and the new variables, before a rollout begins. When it fails, nothing changes.' })
export class PreDeploy {
  @Field(() => [String])
  command!: string[];

  @Field(() => [String], { nullable: true })
  args!: string[] | null;

  @Field(() => Int)
  timeoutSeconds!: number;
}

/** What a service row, a deployment and a release have in common: a change of it makes a new release. */
export interface WorkloadSpec {
  image: string;
  command: string[] | null;
  args: string[] | null;
  containerPort: number | null;
  healthCheck: HealthCheck | null;
  resources: Resources;
  preDeploy?: PreDeploy | null;
}

export const DEFAULT_RESOURCES: Readonly<Resources> = Object.freeze({ cpu: '500m', memory: '256Mi' });

/** A copy of the part of a row that makes a release. */
export const specOf = ({ image, command, args, containerPort, healthCheck, resources, preDeploy }: WorkloadSpec): WorkloadSpec => ({
  image,
  command: command && [...command],
  args: args && [...args],
  containerPort,
  healthCheck: healthCheck && { ...healthCheck },
  resources: { ...resources },
  preDeploy: preDeploy ? { ...preDeploy } : null,
});

/** What a service must be as a whole, whatever its single fields are. */
export function intentFaults(intent: Pick<WorkloadSpec, 'containerPort' | 'healthCheck'> & { public: boolean }): Fault[] {
  const faults: Fault[] = [];
  const isWorker = intent.containerPort === null;
  if (isWorker && intent.public) faults.push({ path: 'public', message: 'needs a containerPort: without one the service is a worker and has no address' });
  if (isWorker && intent.healthCheck) faults.push({ path: 'healthCheck', message: 'needs a containerPort: without one there is nothing to ask' });
  if (intent.healthCheck && intent.healthCheck.timeoutSeconds > intent.healthCheck.intervalSeconds) {
    faults.push({ path: 'healthCheck.timeoutSeconds', message: 'must not be longer than intervalSeconds' });
  }
  return faults;
}
