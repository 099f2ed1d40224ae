import { pipeline } from 'node:stream/promises';
import type { EntityManager } from '@mikro-orm/postgresql';
import tar, { type Pack } from 'tar-stream';
import { createZstdDecompress } from 'node:zlib';
import { RecoveryPartKind } from '../../../entities/recovery-part-kind.js';
import type { RecoveryPart } from '../../../entities/recovery-part.js';
import type { RecoveryPlan } from '../../../entities/recovery-plan.js';
import { ObjectBroken } from '../backup/long-work.js';
import type { PartStore } from './part-store.js';

const OWNER_ONLY = 0o600;

/** A base and segments as one tar file, read as it is taken (see `EngineRecovery.stage`). Throws `ObjectBroken` in the middle where a part is not what was written. */
export async function* recoveryArchive(em: EntityManager, plan: RecoveryPlan, parts: PartStore, signal: AbortSignal): AsyncGenerator<Buffer> {
  const pack = tar.pack();
  // Of a stream that nobody reads at that moment, an error would end the process.
  pack.on('error', () => undefined);
  let failure: Error | undefined;
  const filled = fill(pack, em, plan, parts, signal).catch((error: Error) => {
    failure = error;
    pack.destroy(error);
  });
  try {
    yield* pack as AsyncIterable<Buffer>;
  } catch (error) {
    throw failure ?? error;
  } finally {
    pack.destroy();
    await filled;
  }
}

async function fill(pack: Pack, em: EntityManager, { base, segments }: RecoveryPlan, parts: PartStore, signal: AbortSignal): Promise<void> {
  await whole(base, () => repack(pack, parts.read(em, base, signal)));
  for (const segment of segments) {
    const content = await whole(segment, () => collect(parts.read(em, segment, signal)));
    await pipeline([content], pack.entry({ name: `wal/${segment.name}.gz`, size: content.length, mode: OWNER_ONLY }));
  }
  pack.entry({ name: 'whole', mode: OWNER_ONLY }, '');
  pack.finalize();
}

async function repack(pack: Pack, packed: AsyncIterable<Buffer>): Promise<void> {
  const entries = tar.extract();
  entries.on('error', () => undefined);
  const read = pipeline(packed, createZstdDecompress(), entries);
  // It may fail before it is waited for.
  read.catch(() => undefined);
  try {
    for await (const entry of entries) await pipeline(entry, pack.entry({ ...entry.header, name: `base/${entry.header.name}`, pax: null }));
    await read;
  } finally {
    entries.destroy();
    await read.catch(() => undefined);
  }
}

async function collect(content: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** What does not open is not what was written. */
async function whole<T>({ kind, reachedAt, createdAt }: RecoveryPart, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (['AbortError', 'StorageFailed', 'ObjectBroken'].includes((error as Error).name)) throw error;
    const what = kind === RecoveryPartKind.BASE ? 'The base' : 'A segment of the log';
    throw new ObjectBroken(`${what} of ${(reachedAt ?? createdAt).toISOString()} is not what was written, or is gone. The database is as it was: choose another time.`, { cause: error });
  }
}
