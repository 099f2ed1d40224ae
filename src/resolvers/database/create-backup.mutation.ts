import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { BackupTrigger } from '../../entities/backup-trigger.js';
import { Backup } from '../../entities/backup.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { beginBackup } from './begin-backup.js';
import { refuseBusy } from './busy-content.js';
import { lockDatabase } from './lock-database.js';

@Resolver()
export class CreateBackupMutation {
  constructor(private readonly orchestrator: Orchestrator) {}

  @Mutation(() => Backup, { description: 'Begins a backup of a database, which goes on serving; it is DONE when it is stored. Needs a cluster.' })
  async createBackup(@Ctx() context: RequestContext, @Arg('databaseId', () => ID) databaseId: string): Promise<Backup> {
    const { actor } = context;
    needsCluster(actor, this.orchestrator);

    return inTransaction(context, async (tx) => {
      const database = await lockDatabase(tx, actor, 'Mutation.createBackup', databaseId);
      await refuseBusy(tx, database);
      return beginBackup(tx, database, BackupTrigger.API, this.orchestrator);
    });
  }
}
