import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { requireAccess, requireAccount, requireId } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { Token, TokenKind } from '../../entities/token.js';
import { notFound } from '../../errors.js';
import { inTransaction } from '../in-transaction.js';

@Resolver()
export class RevokeTokenMutation {
  @Mutation(() => Token, { description: "Ends a token of the calling account, or a machine of one of its teams, at once, its open streams too. To revoke it again changes nothing." })
  async revokeToken(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<Token> {
    const actor = requireAccount(context.actor);
    return inTransaction(context, async (tx) => {
      const token = await tx.findOne(Token, { id: requireId(id), ...(actor.teamId ? { teamId: actor.teamId } : {}) });
      if (!token) throw notFound();
      if (token.kind === TokenKind.MACHINE) await requireAccess(tx, actor, 'Query.machines', 'team', token.teamId as string);
      else if (token.accountId !== actor.accountId) throw notFound();
      token.revokedAt ??= new Date();
      await recordAudit(tx, context, { action: 'revokeToken', teamId: token.teamId, target: { kind: 'token', id, name: token.name } });
      return token;
    });
  }
}
