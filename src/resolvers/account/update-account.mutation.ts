import { LockMode, UniqueConstraintViolationException } from '@mikro-orm/postgresql';
import { Arg, Ctx, Info, Mutation, Resolver } from 'type-graphql';
import type { GraphQLResolveInfo } from 'graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { limitCostlyField } from '../../auth/costly-field.js';
import { hashPassword, isPassword } from '../../auth/password.js';
import { requireAccount } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { Account } from '../../entities/account.js';
import { HIDDEN } from '../../entities/audit-event.js';
import type { Database } from '../../entities/database.js';
import { Token, TokenKind } from '../../entities/token.js';
import { forbidden } from '../../errors.js';
import { UpdateAccountInput } from '../../schema/account.inputs.js';
import { normalEmail } from '../../schema/account.rules.js';
import { invalidInput } from '../../schema/check-input.js';
import { inTransaction } from '../in-transaction.js';

const CALLS_A_MINUTE = 10;

@Resolver()
export class UpdateAccountMutation {
  constructor(private readonly orm: Database) {}

  @Mutation(() => Account, { description: "Changes the calling account: its name, its password and, for the operator, its address." })
  async updateAccount(@Ctx() context: RequestContext, @Info() info: GraphQLResolveInfo, @Arg('input', () => UpdateAccountInput) input: UpdateAccountInput): Promise<Account> {
    const { accountId, tokenId, isOperator, teamId } = requireAccount(context.actor);
    if (teamId) throw forbidden('This token is held to one team.');
    if (input.email != null && !isOperator) throw forbidden('An address is changed by an invitation to the new one.');
    await limitCostlyField(this.orm.em.fork(), context, info, CALLS_A_MINUTE);
    return inTransaction(context, async (tx) => {
      const account = await tx.findOneOrFail(Account, { id: accountId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      const isSensitive = input.password != null || input.email != null;
      if (isSensitive && account.passwordHash && !(await isPassword(input.currentPassword ?? '', account.passwordHash))) {
        throw invalidInput(context, [{ path: 'currentPassword', message: 'is not the password of this account' }]);
      }
      const before = { name: account.name, email: account.email };
      account.name = input.name?.trim() ?? account.name;
      if (input.email != null) Object.assign(account, { email: normalEmail(input.email), emailVerifiedAt: new Date() });
      if (input.password != null) account.passwordHash = await hashPassword(input.password);
      try {
        await tx.flush();
      } catch (error) {
        if (!(error instanceof UniqueConstraintViolationException)) throw error;
        throw invalidInput(context, [{ path: 'email', message: 'has an account already' }]);
      }
      // Whoever knew the old password is out.
      if (input.password != null) await tx.nativeUpdate(Token, { accountId, kind: TokenKind.SESSION, id: { $ne: tokenId }, revokedAt: null }, { revokedAt: new Date() });
      const after = { name: account.name, email: account.email, ...(input.password != null && { password: HIDDEN }) };
      await recordAudit(tx, context, { action: 'updateAccount', target: { kind: 'account', id: accountId, name: account.name }, before, after });
      return account;
    });
  }
}
