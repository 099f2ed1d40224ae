import type { EntityManager } from '@mikro-orm/postgresql';
import { BackupState } from '../../../entities/backup-state.js';
import { Backup } from '../../../entities/backup.js';
import { PointInTimeRecovery } from '../../../entities/point-in-time-recovery.js';
import { planRecovery } from '../../../entities/recovery-plan.js';
import { Restore } from '../../../entities/restore.js';
import { ApexError } from '../../../errors.js';
import type { HeldLease } from '../../../queue/lease.js';
import type { LookResult } from '../../../queue/wake-queue.js';
import type { BackupParts } from './backup-reconciler.js';
import type { PartStore } from '../recovery/part-store.js';
import { cleanRecovery } from '../recovery/recovery-commands.js';
import { stageRecovered } from '../recovery/recovered-content.js';
import { openEngine, type OpenEngine } from './engine-access.js';
import { adoptContent, putOldContentBack, stageContent } from './engine-content.js';
import { ObjectBroken } from './long-work.js';
import { openStream } from './sealed-stream.js';

/** Brings the content beside what an engine has. */
type Stage = (engine: OpenEngine) => Promise<void>;

/** Brings a backup, or the content as of a time, into a database: beside the old content first, then in its place. */
export class RestoreReconciler {
  constructor(private readonly parts: BackupParts & { recoveryParts: PartStore }) {}

  async look(id: string, lease: HeldLease): Promise<LookResult> {
    const { orm, work } = this.parts;
    const em = orm.em.fork();
    const restore = await em.findOne(Restore, { id });
    if (restore?.state !== BackupState.RUNNING) return work.over(lease);
    return work.look(Restore, restore, lease, async (begin, signal) => {
      const stage = restore.toTime ? await this.#asOf(em, restore, restore.toTime, signal) : await this.#ofBackup(em, restore, signal);
      const engine = await openEngine(em, restore.databaseId, this.parts, signal, 'to write');
      if (!engine) return null;
      await begin();
      await stage(engine);
      await adoptContent(engine.at, engine.password, id, signal);
      return async () => ({ state: BackupState.DONE });
    }, {
      // Twice is enough: the old content comes back, and whoever wanted the other decides.
      whenCut: async (begin, signal) => {
        const engine = await openEngine(em, restore.databaseId, this.parts, signal, 'to read');
        if (!engine) return null;
        await begin();
        if (restore.toTime) await cleanRecovery(engine, signal);
        await putOldContentBack(engine.at, engine.password, id, signal);
        return async () => ({ state: BackupState.FAILED, message: 'It was begun twice, and cut off each time: a server or the database went away. The database has its old content.' });
      },
    });
  }

  /** All of it is read and compared with its checksum before anything is touched. */
  async #ofBackup(em: EntityManager, restore: Restore, signal: AbortSignal): Promise<Stage> {
    const { vault, store } = this.parts;
    const backup = restore.backupId ? await em.findOne(Backup, { id: restore.backupId, deletedAt: null }) : null;
    const { sealedKey, contentSize } = backup ?? {};
    if (!backup || sealedKey == null || contentSize == null) throw new ObjectBroken('The backup was deleted.');
    return async ({ at, password }) => {
      const stored = await store.measure(backup, signal);
      if (!stored) throw new ObjectBroken('The backup is not in the store of backups any more. The database is as it was.');
      if (stored.sha256 !== backup.sha256) throw new ObjectBroken('The backup is not what was written: its checksum is another. The database is as it was.');
      const key = Buffer.from(await vault.open(em, backup.teamId, backup.id, sealedKey), 'base64');
      await stageContent(at, password, restore.id, openStream(key, backup.id, store.read(backup, signal)), contentSize, signal);
    };
  }

  /** What it is made of is opened while it is read, into a folder beside the content. */
  async #asOf(em: EntityManager, { id, sourceId }: Restore, time: Date, signal: AbortSignal): Promise<Stage> {
    const recovery = sourceId ? await em.findOne(PointInTimeRecovery, { databaseId: sourceId }) : null;
    if (!recovery) throw new ObjectBroken('The recovery of that database to a point in time was ended.');
    const plan = await planRecovery(em, recovery, time).catch((error: Error) => {
      throw error instanceof ApexError ? new ObjectBroken(error.message) : error;
    });
    return (engine) => stageRecovered(em, engine, id, plan, this.parts.recoveryParts, signal);
  }
}
