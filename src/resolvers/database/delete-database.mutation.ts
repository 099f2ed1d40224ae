import type { EntityManager } from '@mikro-orm/postgresql';
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { BackupTrigger } from '../../entities/backup-trigger.js';
import { DatabaseState } from '../../entities/database-state.js';
import { ManagedDatabase } from '../../entities/managed-database.js';
import { badRequest } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { beginBackup } from './begin-backup.js';
import { whyBusy } from './busy-content.js';
import { readDatabase, type DatabaseRow } from './database-rows.js';
import { linkedServices } from './linked-services.js';
import { lockDatabase } from './lock-database.js';

@Resolver()
export class DeleteDatabaseMutation {
  constructor(private readonly orchestrator: Orchestrator) {}

  @Mutation(() => ManagedDatabase, {
    description: 'Deletes a database that no service is linked to: a final backup is made (`finalBackupId`) and then it stops; its volume, its name and its backups are kept for 7 days, in which undeleteDatabase brings it back. Needs a cluster.',
  })
  async deleteDatabase(
    @Ctx() context: RequestContext,
    @Arg('id', () => ID) id: string,
    @Arg('force', () => String, { nullable: true, description: "The database's name: then nothing is kept, and all of its content is lost at once." }) force: string | null,
    @Arg('finalBackup', () => Boolean, { defaultValue: true, description: 'false: it is deleted at once, without one.' }) finalBackup: boolean,
  ): Promise<DatabaseRow> {
    const { actor } = context;
    needsCluster(actor, this.orchestrator);

    return inTransaction(context, async (tx) => {
      const database = await lockDatabase(tx, actor, 'Mutation.deleteDatabase', id);
      if (force != null && force !== database.name) throw badRequest('To delete a database with all of its content, "force" must be its name.');
      const linked = await linkedServices(tx, id);
      if (linked.length > 0) {
        const by = linked.map(({ name, key }) => `"${name}" (${key})`).join(', ');
        throw badRequest(`The database "${database.name}" is linked to ${linked.length === 1 ? 'the service' : 'the services'} ${by}: take ${linked.length === 1 ? 'that variable' : 'those variables'} away first.`);
      }
      // One that has never answered has no content.
      if (force == null && finalBackup && !database.deletedAt && database.observedGeneration > 0) {
        if (database.finalBackupId === null) await this.#beginFinalBackup(tx, database);
        return readDatabase(tx, id);
      }
      if (force != null) database.purgeAt = new Date();
      database.markDeleted(new Date());
      await tx.flush();
      await this.orchestrator.wake(tx, `database/${id}`);
      return readDatabase(tx, id);
    });
  }

  async #beginFinalBackup(tx: EntityManager, database: ManagedDatabase): Promise<void> {
    const why = (await whyBusy(tx, database)) ?? (database.status === DatabaseState.FAILED ? `The database "${database.name}" has failed and cannot be backed up.` : null);
    if (why) throw badRequest(`${why} Or delete it without a final backup (finalBackup: false): its volume is kept for 7 days all the same.`);
    const backup = await beginBackup(tx, database, BackupTrigger.FINAL, this.orchestrator);
    database.finalBackupId = backup.id;
    await tx.flush();
  }
}
