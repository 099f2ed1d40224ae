import { Field, Int, ObjectType } from 'type-graphql';

/** What a team may hold: its number of environments, and what each of them may. */
@ObjectType({ simpleResolvers: true, description: "A team's limits: its number of environments, and what each of them may hold." })
export class TeamQuota {
  @Field(() => Int)
  environments!: number;

  @Field(() => Int, { description: 'Pods in one environment.' })
  pods!: number;

  @Field({ description: 'Sum of the CPU limits in one environment, e.g. 200 or 500m.' })
  cpu!: string;

  @Field({ description: 'Sum of the memory limits in one environment, e.g. 400Gi.' })
  memory!: string;

  @Field(() => Int, { description: 'Volumes in one environment: a database has one.' })
  volumes!: number;
}

/** Far above what a person needs by hand, far below what would take a cluster down. */
export const DEFAULT_QUOTA: Readonly<TeamQuota> = { environments: 100, pods: 500, cpu: '200', memory: '400Gi', volumes: 50 };

/** The limits that hold for a team: its own, where the operator set them, else those of the installation. */
export const quotaOf = (team: Partial<TeamQuota> | null, installation: Partial<TeamQuota> = {}): TeamQuota => ({ ...DEFAULT_QUOTA, ...installation, ...team });
