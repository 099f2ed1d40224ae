import { ArgsType, Field } from 'type-graphql';
import { z } from 'zod';
import { invalid } from './check-input.js';
import { NAME, PASSWORD } from './account.rules.js';

/** `acceptInvitation(token, name, password)`: its arguments are a body of REST as they are. */
@ArgsType()
export class AcceptInvitationArgs {
  @Field({ description: 'What follows `?token=` in the link.' })
  token!: string;

  @Field(() => String, { nullable: true, description: 'Of the new account; not needed where the address has one.' })
  name?: string | null;

  @Field({ description: 'The password of the new account, or of the one that the address has.' })
  password!: string;
}

const RULES = { name: NAME, password: PASSWORD } as const;

/** Throws BAD_REQUEST with every fault. */
export function checkPerson(given: Partial<Record<keyof typeof RULES, string | null>>): void {
  const faults = Object.entries(RULES).flatMap(([path, rule]: [string, z.ZodType]) => {
    const value = given[path as keyof typeof RULES];
    return value == null ? [] : (rule.safeParse(value).error?.issues ?? []).map(({ message }) => ({ path, message }));
  });
  if (faults.length > 0) throw invalid(faults);
}
