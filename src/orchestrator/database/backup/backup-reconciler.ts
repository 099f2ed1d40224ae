import { randomBytes } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { BackupState } from '../../../entities/backup-state.js';
import { Backup } from '../../../entities/backup.js';
import { requireFence } from '../../../entities/fence.js';
import type { HeldLease } from '../../../queue/lease.js';
import type { LookResult, WakeQueue } from '../../../queue/wake-queue.js';
import type { Vault } from '../../../vault/vault.js';
import { afterBackup } from './after-backup.js';
import type { BackupPlaces } from './backup-places.js';
import { openEngine, type EngineAccessParts } from './engine-access.js';
import { readContent } from './engine-content.js';
import type { LongWork } from './long-work.js';
import { sealStream } from './sealed-stream.js';

const KEY_BYTES = 32;

export interface BackupParts extends EngineAccessParts {
  orm: MikroORM;
  vault: Pick<Vault, 'open' | 'seal'>;
  store: BackupPlaces;
  work: LongWork;
  queue: Pick<WakeQueue, 'wake'>;
}

/** Makes backups, and removes those that were deleted. */
export class BackupReconciler {
  constructor(private readonly parts: BackupParts) {}

  async look(id: string, lease: HeldLease): Promise<LookResult> {
    const { orm, vault, store, work, queue } = this.parts;
    const em = orm.em.fork();
    const backup = await em.findOne(Backup, { id });
    if (!backup) return work.over(lease);
    if (backup.deletedAt) return this.#remove(backup, lease);
    if (backup.state !== BackupState.RUNNING) return work.over(lease);
    return work.look(Backup, backup, lease, async (begin, signal) => {
      const engine = await openEngine(em, backup.databaseId, this.parts, signal, 'to read');
      if (!engine) return null;
      await begin();
      const key = randomBytes(KEY_BYTES);
      let contentSize = 0;
      const content = readContent(engine.at, engine.password, (bytes) => (contentSize += bytes), signal);
      const stored = await store.write(backup, sealStream(key, id, content), signal);
      return async (tx) => ({ state: BackupState.DONE, ...stored, contentSize, sealedKey: await vault.seal(tx, backup.teamId, id, key.toString('base64')) });
    }, { sequel: (tx, outcome) => afterBackup(tx, backup, outcome, queue) });
  }

  async #remove(backup: Backup, lease: HeldLease): Promise<LookResult> {
    await this.parts.store.remove(backup);
    await this.parts.orm.em.fork().transactional(async (tx) => {
      await requireFence(tx, lease.fence);
      await tx.nativeDelete(Backup, { id: backup.id });
    });
    return this.parts.work.over(lease);
  }
}
