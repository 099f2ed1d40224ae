import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { ManagedDatabase } from '../../entities/managed-database.js';
import { badRequest } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { readDatabase, type DatabaseRow } from './database-rows.js';
import { linkedServices } from './linked-services.js';
import { changeDatabase, lockDatabase } from './lock-database.js';

/** For so long a deleted database keeps its volume. */
export const GRACE_DAYS = 7;
export const DAY_MS = 86_400_000;

@Resolver()
export class DeleteDatabaseMutation {
  constructor(private readonly orchestrator: Orchestrator) {}

  @Mutation(() => ManagedDatabase, {
    description: 'Deletes a database that no service is linked to. It stops at once; its volume and its name are kept for 7 days, in which undeleteDatabase brings it back. Needs a cluster.',
  })
  async deleteDatabase(
    @Ctx() context: RequestContext,
    @Arg('id', () => ID) id: string,
    @Arg('force', () => String, { nullable: true, description: "The database's name: then nothing is kept, and all of its content is lost at once." }) force: string | null,
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
      const now = Date.now();
      database.deletedAt ??= new Date(now);
      if (force != null) database.purgeAt = new Date(now);
      database.purgeAt ??= new Date(now + GRACE_DAYS * DAY_MS);
      await changeDatabase(tx, database, this.orchestrator);
      return readDatabase(tx, id);
    });
  }
}
