import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { ManagedDatabase } from '../../entities/managed-database.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { readDatabase, type DatabaseRow } from './database-rows.js';
import { changeDatabase, lockDatabase, refuseDeleted } from './lock-database.js';

@Resolver()
export class PauseDatabaseMutation {
  constructor(private readonly orchestrator: Orchestrator) {}

  @Mutation(() => ManagedDatabase, { description: 'Pauses a database (nothing runs, its volume is kept) or resumes it. Needs a cluster.' })
  async pauseDatabase(
    @Ctx() context: RequestContext,
    @Arg('id', () => ID) id: string,
    @Arg('pause', () => Boolean) pause: boolean,
  ): Promise<DatabaseRow> {
    const { actor } = context;
    needsCluster(actor, this.orchestrator);

    return inTransaction(context, async (tx) => {
      const database = await lockDatabase(tx, actor, 'Mutation.pauseDatabase', id);
      refuseDeleted(database);
      if (database.paused !== pause) {
        database.paused = pause;
        await changeDatabase(tx, database, this.orchestrator);
      }
      return readDatabase(tx, id);
    });
  }
}
