import type { MikroORM } from '@mikro-orm/postgresql';
import { requireFence } from '../../entities/fence.js';
import { Lease } from '../../entities/lease.js';
import { ManagedDatabase } from '../../entities/managed-database.js';
import type { HeldLease } from '../../queue/lease.js';
import type { LookResult } from '../../queue/wake-queue.js';
import type { ClusterAccess } from '../cluster-access.js';
import type { BackupPlaces } from './backup/backup-places.js';
import { removeDatabase } from './database-objects.js';

/** The watcher reports each object that goes; this is for what it missed. */
const WHILE_ENDING_SECONDS = 2;
const LONGEST_SECONDS = 3_600;

/** Ends a deleted database: what runs at once, its volume and its row when its grace is over. */
export class DatabaseRemoval {
  constructor(
    private readonly orm: MikroORM,
    private readonly cluster: ClusterAccess,
    private readonly backups: Pick<BackupPlaces, 'removeAll'>,
    private readonly installationId: string,
  ) {}

  async look(database: ManagedDatabase, lease: HeldLease): Promise<LookResult> {
    const secondsLeft = ((database.purgeAt?.getTime() ?? 0) - Date.now()) / 1000;
    const purge = secondsLeft <= 0;
    if (await removeDatabase(this.cluster(), this.installationId, database.id, purge, lease.signal)) return { again: 'later', seconds: WHILE_ENDING_SECONDS };
    if (!purge) return { again: 'later', seconds: Math.min(secondsLeft, LONGEST_SECONDS) };
    await this.backups.removeAll(database.id);
    await this.orm.em.fork().transactional(async (tx) => {
      await requireFence(tx, lease.fence);
      // Brought back in the meantime: then it is another look's business.
      if ((await tx.nativeDelete(ManagedDatabase, { id: database.id, purgeAt: { $lte: new Date() } })) > 0) await tx.nativeDelete(Lease, { key: lease.fence.key });
    });
    return { again: 'never' };
  }

  /** What carries a database's id that has no row. Its volume is left: nobody said that its content may go. */
  async orphan(databaseId: string, lease: HeldLease): Promise<LookResult> {
    if (await removeDatabase(this.cluster(), this.installationId, databaseId, false, lease.signal)) return { again: 'later', seconds: WHILE_ENDING_SECONDS };
    await this.orm.em.fork().nativeDelete(Lease, { key: lease.fence.key, holder: lease.fence.holder });
    return { again: 'never' };
  }
}
