import { pipeline } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Backup } from '../../../entities/backup.js';
import { DATABASE_ENGINES } from '../../../entities/database-catalogue.js';
import { ApexError } from '../../../errors.js';
import type { Logger } from '../../../logger.js';
import type { Vault } from '../../../vault/vault.js';
import type { BackupFile } from '../../port.js';
import type { BackupPlaces } from './backup-places.js';
import { openStream } from './sealed-stream.js';

export interface BackupFileParts {
  em: EntityManager;
  vault: Pick<Vault, 'open'>;
  store: Pick<BackupPlaces, 'read'>;
  logger: Pick<Logger, 'warn'>;
}

/**
 * A backup that is DONE as its engine's own programs read it. The content ends only where every byte of it came out as it
 * went in; else it throws an ApexError, after what was still good. It also ends, anywhere, when `signal` aborts.
 */
export function openBackupFile(backup: Backup, parts: BackupFileParts, signal: AbortSignal): BackupFile {
  const mark = Buffer.from(DATABASE_ENGINES[backup.engine].dumpMark);
  return { size: (backup.contentSize ?? 0) - mark.length, content: contentOf(backup, mark, parts, signal) };
}

async function* contentOf(backup: Backup, mark: Buffer, { em, vault, store, logger }: BackupFileParts, signal: AbortSignal): AsyncGenerator<Buffer> {
  const key = Buffer.from(await vault.open(em, backup.teamId, backup.id, backup.sealedKey ?? ''), 'base64');
  let size = 0;
  // What a restore looks for at the end is none of the content.
  let held: Buffer = Buffer.alloc(0);
  let plain: (AsyncIterable<Buffer> & { destroy(): void }) | undefined;
  try {
    plain = pipeline(openStream(key, backup.id, store.read(backup, signal)), createZstdDecompress(), () => undefined) as AsyncIterable<Buffer> & { destroy(): void };
    for await (const chunk of plain) {
      size += chunk.length;
      const all = held.length > 0 ? Buffer.concat([held, chunk]) : chunk;
      held = all.subarray(Math.max(0, all.length - mark.length));
      if (all.length > held.length) yield all.subarray(0, all.length - held.length);
    }
    if (size !== backup.contentSize || !held.equals(mark)) throw new Error(`It has ${size} bytes in place of ${backup.contentSize}`);
  } catch (error) {
    if (signal.aborted) return;
    logger.warn({ backup: backup.id, err: error }, 'a backup could not be read');
    throw new ApexError('UNAVAILABLE', sentenceOf(error as NodeJS.ErrnoException), { cause: error });
  } finally {
    plain?.destroy();
  }
}

function sentenceOf({ code, name, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'The backup is not in the store of backups any more.';
  if (name === 'ObjectBroken' || name === 'StorageFailed') return message;
  return 'The backup cannot be read to its end: it is not what was written. What came of it is not whole.';
}
