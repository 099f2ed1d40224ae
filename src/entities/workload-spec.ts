import { Field, Int, ObjectType } from 'type-graphql';

/** GET `path` on the container's port; readiness and liveness follow it. Without one, a TCP connect is enough. */
@ObjectType({ simpleResolvers: true })
export class HealthCheck {
  @Field()
  path!: string;

  @Field(() => Int)
  intervalSeconds!: number;

  @Field(() => Int)
  timeoutSeconds!: number;
}

/** Limits in Kubernetes' quantities, e.g. `500m` and `256Mi`. */
@ObjectType({ simpleResolvers: true })
export class Resources {
  @Field()
  cpu!: string;

  @Field()
  memory!: string;
}

/** What a service row, a deployment and a release have in common: a change of it makes a new release. */
export interface WorkloadSpec {
  image: string;
  command: string[] | null;
  args: string[] | null;
  containerPort: number | null;
  healthCheck: HealthCheck | null;
  resources: Resources;
}

export const DEFAULT_RESOURCES: Readonly<Resources> = Object.freeze({ cpu: '500m', memory: '256Mi' });
