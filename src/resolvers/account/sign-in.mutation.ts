import { Arg, Ctx, Info, Mutation, Resolver } from 'type-graphql';
import type { GraphQLResolveInfo } from 'graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { limitCostlyField } from '../../auth/costly-field.js';
import { isPassword } from '../../auth/password.js';
import { beginSession } from '../../auth/session.js';
import { hashToken } from '../../auth/token-secret.js';
import type { RequestContext } from '../../context.js';
import { Account } from '../../entities/account.js';
import type { Database } from '../../entities/database.js';
import { Token, TokenKind } from '../../entities/token.js';
import { ApexError, badRequest } from '../../errors.js';
import { SignInInput } from '../../schema/account.inputs.js';
import { normalEmail } from '../../schema/account.rules.js';
import { inTransaction } from '../in-transaction.js';

const CALLS_A_MINUTE = 10;
/** Of one address of mail, from wherever: many guessers share it. */
const GUESSES_A_MINUTE = 20;

@Resolver()
export class SignInMutation {
  constructor(private readonly orm: Database) {}

  @Mutation(() => Account, { description: 'Begins a session: a cookie for GraphQL and its sockets.' })
  async signIn(@Ctx() context: RequestContext, @Info() info: GraphQLResolveInfo, @Arg('input', () => SignInInput) input: SignInInput): Promise<Account> {
    const email = normalEmail(input.email);
    await limitCostlyField(this.orm.em.fork(), context, info, CALLS_A_MINUTE, context.ip);
    await limitCostlyField(this.orm.em.fork(), context, info, GUESSES_A_MINUTE, `to ${hashToken(email)}`);
    const account = await this.orm.em.fork().findOne(Account, { email, deletedAt: null });
    // Outside of a transaction: it takes long, and as long for an account that is not there.
    if (!(await isPassword(input.password, account?.passwordHash ?? null)) || !account) {
      throw new ApexError('UNAUTHENTICATED', 'The e-mail address or the password is wrong.');
    }
    const start = await inTransaction(context, async (tx) => {
      const begun = await beginSession(tx, context, account.id);
      await recordAudit(tx, context, { action: 'signIn', accountId: account.id, target: { kind: 'account', id: account.id, name: account.name } });
      return begun;
    });
    start();
    return account;
  }

  @Mutation(() => Boolean, { description: 'Ends the session that calls, its sockets too.' })
  async signOut(@Ctx() context: RequestContext): Promise<boolean> {
    const { actor } = context;
    if (actor.kind !== 'account' || !actor.isSession) throw badRequest('This is no session: a token is revoked instead.');
    await inTransaction(context, async (tx) => {
      await tx.nativeUpdate(Token, { id: actor.tokenId, kind: TokenKind.SESSION, revokedAt: null }, { revokedAt: new Date() });
      await recordAudit(tx, context, { action: 'signOut' });
    });
    context.cookies?.end();
    return true;
  }
}
