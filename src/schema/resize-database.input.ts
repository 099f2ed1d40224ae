import { Field, InputType } from 'type-graphql';
import { DATABASE_SIZE, STORAGE } from './database.rules.js';
import { Rule } from './rule.js';
import { CPU, MEMORY } from './workload.rules.js';

@InputType({ description: 'What is left out follows the size, where one is given, and else stays.' })
export class ResizeDatabaseInput {
  @Rule(DATABASE_SIZE)
  @Field(() => String, { nullable: true })
  size?: string | null;

  @Rule(CPU)
  @Field(() => String, { nullable: true })
  cpu?: string | null;

  @Rule(MEMORY)
  @Field(() => String, { nullable: true })
  memory?: string | null;

  @Rule(STORAGE)
  @Field(() => String, { nullable: true, description: 'It only grows.' })
  storage?: string | null;
}
