import { LockMode } from '@mikro-orm/postgresql';
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { BackupState } from '../../entities/backup-state.js';
import { Backup } from '../../entities/backup.js';
import { Restore } from '../../entities/restore.js';
import { badRequest, notFound } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import type { Vault } from '../../vault/vault.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { refuseBusy } from './busy-content.js';
import { insertLike, requireName } from './insert-like.js';
import { lockDatabase } from './lock-database.js';

@Resolver()
export class RestoreBackupMutation {
  constructor(
    private readonly vault: Vault,
    private readonly orchestrator: Orchestrator,
  ) {}

  @Mutation(() => Restore, {
    description: 'Brings a backup back, into a new database where a name is given, else into the one that it was made of, whose present content it replaces. Until it is DONE, the old content stays. Needs a cluster.',
  })
  async restoreBackup(
    @Ctx() context: RequestContext,
    @Arg('backupId', () => ID) backupId: string,
    @Arg('name', () => String, { nullable: true, description: 'Of the new database, in the same environment, of the same type, version and size.' }) name: string | null,
    @Arg('databaseId', () => ID, { nullable: true, description: 'The database that the backup must be of: a safeguard.' }) databaseId: string | null,
  ): Promise<Restore> {
    const { actor } = context;
    requireName(name);
    needsCluster(actor, this.orchestrator);

    return inTransaction(context, async (tx) => {
      if (databaseId != null) await requireAccess(tx, actor, 'Mutation.restoreBackup', 'database', databaseId);
      const teamId = await requireAccess(tx, actor, 'Mutation.restoreBackup', 'backup', backupId);
      const { databaseId: sourceId } = await tx.findOneOrFail(Backup, { id: backupId });
      if (databaseId != null && databaseId !== sourceId) throw notFound();
      const source = await lockDatabase(tx, actor, 'Mutation.restoreBackup', sourceId);
      const backup = await tx.findOne(Backup, { id: backupId, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_READ, refresh: true });
      if (!backup) throw notFound();
      if (backup.state !== BackupState.DONE) throw badRequest(backup.state === BackupState.RUNNING ? 'The backup is still being made.' : 'The backup has failed: there is nothing to restore.');
      if (name == null) await refuseBusy(tx, source);
      const targetId = name == null ? source.id : await insertLike(tx, context, { ...source, type: backup.engine, version: backup.version }, { name, storage: source.storage }, this.vault, this.orchestrator);
      const restore = Object.assign(new Restore(), { teamId, backupId, databaseId: targetId });
      await tx.persist(restore).flush();
      await this.orchestrator.wake(tx, `restore/${restore.id}`);
      return restore;
    });
  }
}
