import { Field, ID, ObjectType } from 'type-graphql';
import { Role } from '../entities/roles.js';

@ObjectType({ simpleResolvers: true, description: 'A role that holds in one environment, where it is lower than the one in the team.' })
export class NarrowedRole {
  @Field(() => ID)
  environmentId!: string;

  @Field(() => ID)
  membershipId!: string;

  @Field(() => Role, { nullable: true })
  role!: Role | null;
}
