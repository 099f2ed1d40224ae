import { UniqueConstraintViolationException } from '@mikro-orm/postgresql';
import { Arg, Ctx, Info, Mutation, Resolver } from 'type-graphql';
import type { GraphQLResolveInfo } from 'graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { limitCostlyField } from '../../auth/costly-field.js';
import { hashPassword } from '../../auth/password.js';
import { createPersonalTeam } from '../../auth/personal-team.js';
import { beginSession } from '../../auth/session.js';
import type { RequestContext } from '../../context.js';
import { Account } from '../../entities/account.js';
import { newId } from '../../entities/columns.js';
import type { Database } from '../../entities/database.js';
import { Installation } from '../../entities/installation.js';
import { forbidden } from '../../errors.js';
import { SignUpInput } from '../../schema/account.inputs.js';
import { normalEmail } from '../../schema/account.rules.js';
import { invalidInput } from '../../schema/check-input.js';
import type { Vault } from '../../vault/vault.js';
import { inTransaction } from '../in-transaction.js';

const CALLS_A_MINUTE = 5;

@Resolver()
export class SignUpMutation {
  constructor(
    private readonly orm: Database,
    private readonly vault: Vault,
    private readonly isOpen: boolean,
  ) {}

  /** Nobody has shown yet that the address is his: until an invitation does, it opens no team to the account. */
  @Mutation(() => Account, { description: 'A new account and its session, where the installation is open to everybody (APEX_OPEN_SIGNUP); else one comes by an invitation.' })
  async signUp(@Ctx() context: RequestContext, @Info() info: GraphQLResolveInfo, @Arg('input', () => SignUpInput) { email, name, password }: SignUpInput): Promise<Account> {
    if (!this.isOpen) throw forbidden('This installation is by invitation: ask a member of a team for one.');
    await limitCostlyField(this.orm.em.fork(), context, info, CALLS_A_MINUTE);
    const passwordHash = await hashPassword(password);
    const { account, start } = await inTransaction(context, async (tx) => {
      const created = tx.create(Account, {
        id: newId(), name: name.trim(), email: normalEmail(email), isOperator: false, passwordHash, emailVerifiedAt: null, createdAt: new Date(), deletedAt: null,
      });
      try {
        await tx.flush();
      } catch (error) {
        if (!(error instanceof UniqueConstraintViolationException)) throw error;
        throw invalidInput(context, [{ path: 'email', message: 'has an account already' }]);
      }
      const { id: installationId } = await tx.findOneOrFail(Installation, { only: true });
      await createPersonalTeam(tx, this.vault, installationId, created.id);
      const begun = await beginSession(tx, context, created.id);
      await recordAudit(tx, context, { action: 'signUp', accountId: created.id, target: { kind: 'account', id: created.id, name: created.name } });
      return { account: created, start: begun };
    });
    start();
    return account;
  }
}
