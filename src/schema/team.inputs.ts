import { Field, InputType } from 'type-graphql';
import { Role } from '../entities/roles.js';
import { EMAIL, NAME } from './account.rules.js';
import { Rule } from './rule.js';

@InputType()
export class CreateTeamInput {
  @Rule(NAME)
  @Field()
  name!: string;
}

@InputType()
export class UpdateTeamInput {
  @Rule(NAME)
  @Field()
  name!: string;
}

@InputType()
export class AddTeamMemberInput {
  @Rule(EMAIL)
  @Field({ description: 'Without an account of this address it becomes a pending invitation.' })
  email!: string;

  @Field(() => Role, { nullable: true, defaultValue: Role.DEVELOPER, description: 'Never higher than the role of who adds.' })
  role?: Role | null;
}

@InputType()
export class ChangeMemberInput {
  @Field(() => Role)
  role!: Role;
}
