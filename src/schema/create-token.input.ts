import { Field, ID, InputType } from 'type-graphql';
import { z } from 'zod';
import type { TokenScope } from '../context.js';
import { Role } from '../entities/roles.js';
import { Rule } from './rule.js';
import { TokenScopes } from './token-scope.js';

@InputType()
export class CreateTokenInput {
  @Rule(z.string().min(1, 'must not be empty').max(100, 'must be at most 100 characters'))
  @Field(() => String, { nullable: true, description: 'So that a person knows it again.' })
  name?: string | null;

  @Rule(z.array(z.string()).min(1, 'must name at least one scope'))
  @Field(() => [TokenScopes], { nullable: true, description: 'Default: all that the caller has.' })
  scopes?: TokenScope[] | null;

  @Rule(z.date().refine((date) => date.getTime() > Date.now(), 'must lie in the future'))
  @Field(() => Date, { nullable: true, description: 'Default: never.' })
  expiresAt?: Date | null;

  @Field(() => ID, { nullable: true, description: 'Holds the token to one team. Default: as the caller is held.' })
  teamId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Holds the token to one service.' })
  serviceId?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Acts for the team as a machine and outlives its maker, who must be an ADMIN of it. Needs a teamId or a serviceId.' })
  machine?: boolean | null;

  @Field(() => Role, { nullable: true, description: "A machine's role in the team, not higher than its maker's. Default: DEVELOPER." })
  role?: Role | null;
}
