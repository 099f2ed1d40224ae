import { LockMode } from '@mikro-orm/postgresql';
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { BackupState } from '../../entities/backup-state.js';
import { Backup } from '../../entities/backup.js';
import { ManagedDatabase } from '../../entities/managed-database.js';
import { Restore } from '../../entities/restore.js';
import { badRequest, notFound } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';

@Resolver()
export class DeleteBackupMutation {
  constructor(private readonly orchestrator: Orchestrator) {}

  @Mutation(() => Backup, { description: 'Deletes a backup for good. Needs a cluster.' })
  async deleteBackup(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<Backup> {
    const { actor } = context;
    needsCluster(actor, this.orchestrator);

    return inTransaction(context, async (tx) => {
      await requireAccess(tx, actor, 'Mutation.deleteBackup', 'backup', id);
      // The database's row first, as everybody locks it.
      const { databaseId } = await tx.findOneOrFail(Backup, { id });
      const database = await tx.findOne(ManagedDatabase, { id: databaseId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      const backup = await tx.findOne(Backup, { id, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
      if (!backup) throw notFound();
      if ((await tx.count(Restore, { backupId: id, state: BackupState.RUNNING })) > 0) throw badRequest('The backup is being restored: wait until that has ended.');
      // What waited for it does not come about.
      if (database?.finalBackupId === id) database.finalBackupId = null;
      backup.deletedAt = new Date();
      await tx.flush();
      await this.orchestrator.wake(tx, `backup/${id}`);
      return backup;
    });
  }
}
