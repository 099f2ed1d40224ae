import { Field, ID, InputType } from 'type-graphql';
import { Role } from '../entities/roles.js';

@InputType()
export class UpdateEnvironmentInput {
  @Field({ description: 'Deploys and looks at values need ADMIN then.' })
  protected!: boolean;
}

@InputType()
export class NarrowRoleInput {
  @Field(() => ID)
  environmentId!: string;

  @Field(() => ID, { description: 'Of a member of the team.' })
  membershipId!: string;

  @Field(() => Role, { nullable: true, description: 'There the lower of this and the role in the team holds; null: that in the team.' })
  role?: Role | null;
}
