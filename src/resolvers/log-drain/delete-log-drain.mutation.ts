import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { LogDrain } from '../../entities/log-drain.js';
import { notFound } from '../../errors.js';
import { inTransaction } from '../in-transaction.js';
import { forgetDrains } from './forget-drains.js';

@Resolver()
export class DeleteLogDrainMutation {
  @Mutation(() => LogDrain, { description: 'Ends a drain. Lines that wait for it are not sent.' })
  async deleteLogDrain(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<LogDrain> {
    return inTransaction(context, async (tx) => {
      const teamId = await requireAccess(tx, context.actor, 'Mutation.deleteLogDrain', 'logDrain', id);
      const drain = await tx.findOne(LogDrain, { id }, { disableIdentityMap: true });
      if (!drain) throw notFound();
      await forgetDrains(tx, { id });
      await recordAudit(tx, context, { action: 'deleteLogDrain', teamId, target: { kind: 'logDrain', id, name: drain.name }, before: { url: drain.url } });
      return drain;
    });
  }
}
