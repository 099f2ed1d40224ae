import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { PointInTimeRecovery } from '../../entities/point-in-time-recovery.js';
import { planRecovery } from '../../entities/recovery-plan.js';
import { Restore } from '../../entities/restore.js';
import { badRequest } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { quantityOf } from '../../schema/quantity.js';
import type { Vault } from '../../vault/vault.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { refuseBusy } from './busy-content.js';
import { insertLike, requireName } from './insert-like.js';
import { lockDatabase } from './lock-database.js';

/** What an engine and its own log take of a volume beside the content. */
const ENGINE_BYTES = 160 * 2 ** 20;

@Resolver()
export class RecoverDatabaseMutation {
  constructor(
    private readonly vault: Vault,
    private readonly orchestrator: Orchestrator,
  ) {}

  @Mutation(() => Restore, {
    description: 'Brings the content of a database back as it was at a time, into a new database where a name is given, else into itself, whose present content it replaces. Until it is DONE, the old content stays. Needs a cluster.',
  })
  async recoverDatabase(
    @Ctx() context: RequestContext,
    @Arg('databaseId', () => ID) databaseId: string,
    @Arg('toTime', () => Date, { description: 'What was committed by then is there, and nothing that was committed later.' }) toTime: Date,
    @Arg('name', () => String, { nullable: true, description: 'Of the new database, in the same environment, of the same type, version and size; it has more storage where the recovery needs it.' }) name: string | null,
  ): Promise<Restore> {
    requireName(name);
    needsCluster(context.actor, this.orchestrator);

    return inTransaction(context, async (tx) => {
      const source = await lockDatabase(tx, context.actor, 'Mutation.recoverDatabase', databaseId);
      const recovery = await tx.findOne(PointInTimeRecovery, { databaseId, endedAt: null });
      if (!recovery) throw badRequest(`The database "${source.name}" keeps no log for a recovery to a point in time (setPointInTimeRecovery). Restore a backup instead.`);
      const { room } = await planRecovery(tx, recovery, toTime);
      if (name == null) await refuseBusy(tx, source);
      const targetId = name == null ? databaseId : await insertLike(tx, context, source, { name, storage: atLeast(source.storage, room + ENGINE_BYTES) }, this.vault, this.orchestrator);
      const restore = Object.assign(new Restore(), { teamId: source.teamId, sourceId: databaseId, toTime, databaseId: targetId });
      await tx.persist(restore).flush();
      await this.orchestrator.wake(tx, `restore/${restore.id}`);
      return restore;
    });
  }
}

/** The storage that there is, where so many bytes fit. */
const atLeast = (storage: string, bytes: number): string => ((quantityOf(storage) ?? 0) >= bytes ? storage : `${Math.ceil(bytes / 2 ** 20)}Mi`);
