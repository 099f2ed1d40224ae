import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { ManagedDatabase } from '../../entities/managed-database.js';
import { badRequest } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { readDatabase, type DatabaseRow } from './database-rows.js';
import { changeDatabase, lockDatabase } from './lock-database.js';

@Resolver()
export class UndeleteDatabaseMutation {
  constructor(private readonly orchestrator: Orchestrator) {}

  @Mutation(() => ManagedDatabase, { description: 'Brings a deleted database back as it was, until the time at which its volume goes; keeps one whose final backup is still being made. Needs a cluster.' })
  async undeleteDatabase(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<DatabaseRow> {
    const { actor } = context;
    needsCluster(actor, this.orchestrator);

    return inTransaction(context, async (tx) => {
      const database = await lockDatabase(tx, actor, 'Mutation.undeleteDatabase', id);
      if (!database.deletedAt) {
        // Its final backup goes on as any other.
        database.finalBackupId = null;
        await tx.flush();
        return readDatabase(tx, id);
      }
      if (database.purgeAt && database.purgeAt.getTime() <= Date.now()) throw badRequest(`The database "${database.name}" is gone: its volume is being removed.`);
      database.deletedAt = null;
      database.purgeAt = null;
      await changeDatabase(tx, database, this.orchestrator);
      return readDatabase(tx, id);
    });
  }
}
