import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { requireFence } from '../../../entities/fence.js';
import { PointInTimeRecovery } from '../../../entities/point-in-time-recovery.js';
import type { HeldLease } from '../../../queue/lease.js';
import type { WakeQueue } from '../../../queue/wake-queue.js';
import type { EngineAccessParts } from '../backup/engine-access.js';
import type { LongWork } from '../backup/long-work.js';
import type { PartStore } from './part-store.js';

/** What the archive of a database's log is made with. */
export interface RecoveryParts extends EngineAccessParts {
  orm: MikroORM;
  parts: PartStore;
  work: LongWork;
  queue: Pick<WakeQueue, 'wake'>;
}

/** Writes of a recovery's row what has changed, and `more` with it. Throws `LeaseLost` where another looks after it now. */
export async function writeRecovery(orm: MikroORM, recovery: PointInTimeRecovery, lease: HeldLease, change: Partial<PointInTimeRecovery>, more?: (tx: EntityManager) => Promise<void>): Promise<void> {
  await orm.em.fork().transactional(async (tx) => {
    await requireFence(tx, lease.fence);
    await tx.nativeUpdate(PointInTimeRecovery, { databaseId: recovery.databaseId }, change);
    await more?.(tx);
  });
  Object.assign(recovery, change);
}
