import { Field, ID, InputType } from 'type-graphql';
import { VARIABLE_NAME } from './database.rules.js';
import { Rule } from './rule.js';

@InputType()
export class LinkDatabaseInput {
  @Field(() => ID)
  serviceId!: string;

  @Field(() => ID, { description: "In the service's environment." })
  databaseId!: string;

  @Rule(VARIABLE_NAME)
  @Field(() => String, { nullable: true, defaultValue: 'DATABASE_URL', description: 'Name of the variable.' })
  as?: string | null;
}
