import { BackupState } from '../../../entities/backup-state.js';
import { Backup } from '../../../entities/backup.js';
import { Restore } from '../../../entities/restore.js';
import type { HeldLease } from '../../../queue/lease.js';
import type { LookResult } from '../../../queue/wake-queue.js';
import type { BackupParts } from './backup-reconciler.js';
import { openEngine } from './engine-access.js';
import { adoptContent, putOldContentBack, stageContent } from './engine-content.js';
import { ObjectBroken } from './long-work.js';
import { openStream } from './sealed-stream.js';

/** Brings a backup into a database: checked whole before anything is touched, then brought in beside the old content, then put in its place. */
export class RestoreReconciler {
  constructor(private readonly parts: BackupParts) {}

  async look(id: string, lease: HeldLease): Promise<LookResult> {
    const { orm, vault, store, work } = this.parts;
    const em = orm.em.fork();
    const restore = await em.findOne(Restore, { id });
    if (restore?.state !== BackupState.RUNNING) return work.over(lease);
    return work.look(Restore, restore, lease, async (begin, signal) => {
      const backup = restore.backupId ? await em.findOne(Backup, { id: restore.backupId, deletedAt: null }) : null;
      if (backup?.sealedKey == null || backup.contentSize === null) throw new ObjectBroken('The backup was deleted.');
      const engine = await openEngine(em, restore.databaseId, this.parts, signal, 'to write');
      if (!engine) return null;
      await begin();
      const stored = await store.measure(backup, signal);
      if (!stored) throw new ObjectBroken('The backup is not in the store of backups any more. The database is as it was.');
      if (stored.sha256 !== backup.sha256) throw new ObjectBroken('The backup is not what was written: its checksum is another. The database is as it was.');
      const key = Buffer.from(await vault.open(em, backup.teamId, backup.id, backup.sealedKey), 'base64');
      await stageContent(engine.at, engine.password, id, openStream(key, backup.id, store.read(backup, signal)), backup.contentSize, signal);
      await adoptContent(engine.at, engine.password, id, signal);
      return async () => ({ state: BackupState.DONE });
    }, {
      // Twice is enough: the old content comes back, and whoever wanted the other decides.
      whenCut: async (begin, signal) => {
        const engine = await openEngine(em, restore.databaseId, this.parts, signal, 'to read');
        if (!engine) return null;
        await begin();
        await putOldContentBack(engine.at, engine.password, id, signal);
        return async () => ({ state: BackupState.FAILED, message: 'It was begun twice, and cut off each time: a server or the database went away. The database has its old content.' });
      },
    });
  }
}
