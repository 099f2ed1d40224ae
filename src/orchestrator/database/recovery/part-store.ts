import { randomBytes } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../../../entities/columns.js';
import { RecoveryPart } from '../../../entities/recovery-part.js';
import type { Vault } from '../../../vault/vault.js';
import type { BackupPlaces } from '../backup/backup-places.js';
import { openStream, sealStream } from '../backup/sealed-stream.js';

const KEY_BYTES = 32;
const REMOVED_AT_ONCE = 8;

/** What is told of a part before it is stored. */
export type PartFacts = Pick<RecoveryPart, 'databaseId' | 'teamId' | 'chain' | 'kind' | 'segment' | 'name'>;

/** The parts of archives in the store of backups, each sealed with a key of its own. */
export class PartStore {
  constructor(
    private readonly vault: Pick<Vault, 'open' | 'seal'>,
    private readonly places: BackupPlaces,
  ) {}

  /** Stores a part, and answers how its row is made in a transaction. `measure`: the bytes of the content, once it has all been read. */
  async write(facts: PartFacts, content: AsyncIterable<Buffer>, measure: () => number, signal: AbortSignal): Promise<(tx: EntityManager, reachedAt: Date | null) => Promise<void>> {
    const id = newId();
    const key = randomBytes(KEY_BYTES);
    const { size, place } = await this.places.write({ databaseId: facts.databaseId, id }, sealStream(key, id, content), signal);
    return async (tx, reachedAt) => {
      const sealedKey = await this.vault.seal(tx, facts.teamId, id, key.toString('base64'));
      await tx.persist(Object.assign(new RecoveryPart(), { id, ...facts, size, place, contentSize: measure(), sealedKey, reachedAt })).flush();
    };
  }

  /** The content of a part, as it was written. Throws where it is not what it was. */
  async *read(em: EntityManager, part: RecoveryPart, signal: AbortSignal): AsyncGenerator<Buffer> {
    const key = Buffer.from(await this.vault.open(em, part.teamId, part.id, part.sealedKey), 'base64');
    yield* openStream(key, part.id, this.places.read(part, signal));
  }

  /** Removes the objects of parts. */
  async remove(parts: readonly RecoveryPart[]): Promise<void> {
    for (let at = 0; at < parts.length; at += REMOVED_AT_ONCE) await Promise.all(parts.slice(at, at + REMOVED_AT_ONCE).map((part) => this.places.remove(part)));
  }
}
