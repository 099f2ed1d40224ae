import { Field, InputType, Int } from 'type-graphql';
import { z } from 'zod';
import { quantityOf } from './quantity.js';
import { Rule } from './rule.js';

const MOST = 1_000_000;
const RULE = `must be a whole number from 0 to ${MOST}`;
const COUNT = z.int(RULE).min(0, RULE).max(MOST, RULE);
const quantity = (example: string) => z.string().refine((text) => quantityOf(text) !== null, `must be a quantity, such as ${example}`);

@InputType({ description: 'What is left out stays; null is the default of the installation again.' })
export class TeamQuotaInput {
  @Rule(COUNT)
  @Field(() => Int, { nullable: true })
  environments?: number | null;

  @Rule(COUNT)
  @Field(() => Int, { nullable: true })
  pods?: number | null;

  @Rule(quantity('4 or 500m'))
  @Field(() => String, { nullable: true })
  cpu?: string | null;

  @Rule(quantity('8Gi'))
  @Field(() => String, { nullable: true })
  memory?: string | null;

  @Rule(COUNT)
  @Field(() => Int, { nullable: true })
  volumes?: number | null;
}
