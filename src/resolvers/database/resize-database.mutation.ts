import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import type { DatabaseSizes } from '../../entities/database-catalogue.js';
import type { DatabaseSize } from '../../entities/database-state.js';
import { ManagedDatabase } from '../../entities/managed-database.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { invalidInput } from '../../schema/check-input.js';
import { quantityOf } from '../../schema/quantity.js';
import { ResizeDatabaseInput } from '../../schema/resize-database.input.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { readDatabase, type DatabaseRow } from './database-rows.js';
import { changeDatabase, lockDatabase, refuseDeleted } from './lock-database.js';

@Resolver()
export class ResizeDatabaseMutation {
  constructor(
    private readonly orchestrator: Orchestrator,
    private readonly sizes: DatabaseSizes,
  ) {}

  @Mutation(() => ManagedDatabase, { description: 'More or less CPU and memory, or more storage. The database restarts, and it is stopped while its storage grows. Needs a cluster.' })
  async resizeDatabase(
    @Ctx() context: RequestContext,
    @Arg('id', () => ID) id: string,
    @Arg('input', () => ResizeDatabaseInput) input: ResizeDatabaseInput,
  ): Promise<DatabaseRow> {
    needsCluster(context.actor, this.orchestrator);

    return inTransaction(context, async (tx) => {
      const database = await lockDatabase(tx, context.actor, 'Mutation.resizeDatabase', id);
      refuseDeleted(database);
      const size = input.size ? this.sizes[input.size as DatabaseSize] : null;
      const storage = input.storage ?? larger(size?.storage, database.storage);
      if (bytes(storage) < bytes(database.storage)) throw invalidInput(context, [{ path: 'storage', message: `must not be less than ${database.storage}: storage only grows` }]);
      const grows = bytes(storage) > bytes(database.storage);
      if (input.size) database.size = input.size as DatabaseSize;
      database.resources = { cpu: input.cpu ?? size?.cpu ?? database.resources.cpu, memory: input.memory ?? size?.memory ?? database.resources.memory };
      database.storage = storage;
      await changeDatabase(tx, database, this.orchestrator);
      database.statusMessage = grows ? `Its storage grows to ${storage}: the database is stopped until that is done.` : 'The database restarts with its new CPU and memory.';
      await tx.flush();
      return readDatabase(tx, id);
    });
  }
}

const bytes = (quantity: string): number => quantityOf(quantity) ?? 0;

/** A smaller size keeps the storage that there is. */
const larger = (wanted: string | undefined, present: string): string => (wanted && bytes(wanted) > bytes(present) ? wanted : present);
