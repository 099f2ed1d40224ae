import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { BackupState } from '../../entities/backup-state.js';
import { PointInTimeRecovery } from '../../entities/point-in-time-recovery.js';
import { Restore } from '../../entities/restore.js';
import { badRequest, notFound } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { lockDatabase } from './lock-database.js';
import { readRecovery } from './recovery-rows.js';

@Resolver()
export class EndPointInTimeRecoveryMutation {
  constructor(private readonly orchestrator: Orchestrator) {}

  @Mutation(() => PointInTimeRecovery, { description: 'The log of a database is not archived any more, and what was archived goes for good. Its backups stay. Needs a cluster.' })
  async endPointInTimeRecovery(@Ctx() context: RequestContext, @Arg('databaseId', () => ID) databaseId: string): Promise<PointInTimeRecovery> {
    needsCluster(context.actor, this.orchestrator);

    return inTransaction(context, async (tx) => {
      await lockDatabase(tx, context.actor, 'Mutation.endPointInTimeRecovery', databaseId);
      const recovery = await tx.findOne(PointInTimeRecovery, { databaseId, endedAt: null });
      if (!recovery) throw notFound();
      if ((await tx.count(Restore, { sourceId: databaseId, state: BackupState.RUNNING })) > 0) throw badRequest('A time of this database is being recovered: wait until that has ended.');
      const before = await readRecovery(tx, recovery);
      recovery.endedAt = new Date();
      await tx.flush();
      await this.orchestrator.wake(tx, `recoveryLog/${databaseId}`);
      return before;
    });
  }
}
