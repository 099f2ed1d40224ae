import { Field, InputType } from 'type-graphql';
import { EMAIL, NAME, PASSWORD } from './account.rules.js';
import { Rule } from './rule.js';

@InputType()
export class SignInInput {
  @Field()
  email!: string;

  @Field()
  password!: string;
}

@InputType()
export class SignUpInput {
  @Rule(EMAIL)
  @Field()
  email!: string;

  @Rule(NAME)
  @Field()
  name!: string;

  @Rule(PASSWORD)
  @Field()
  password!: string;
}

@InputType({ description: 'What is left out stays as it is.' })
export class UpdateAccountInput {
  @Rule(NAME)
  @Field(() => String, { nullable: true })
  name?: string | null;

  @Rule(EMAIL)
  @Field(() => String, { nullable: true, description: 'By which one signs in and is invited. Only the operator sets it himself; others come by an invitation.' })
  email?: string | null;

  @Rule(PASSWORD)
  @Field(() => String, { nullable: true, description: 'A new password. All sessions but this one end.' })
  password?: string | null;

  @Field(() => String, { nullable: true, description: 'Needed for a new password or address where there is a password already.' })
  currentPassword?: string | null;
}
