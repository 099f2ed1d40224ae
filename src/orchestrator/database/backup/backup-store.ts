import { createHash } from 'node:crypto';

/** Which object: a backup of a database. */
export interface BackupObject {
  databaseId: string;
  id: string;
}

/** What was stored: its bytes, and their SHA-256 in hexadecimal. */
export interface StoredObject {
  size: number;
  sha256: string;
}

/** Where backups are kept. They are sealed before they come here. */
export interface BackupStore {
  /** Stores a stream; the object is there whole, or not at all. Replaces what a cut attempt left. */
  write(object: BackupObject, content: AsyncIterable<Buffer>, signal: AbortSignal): Promise<StoredObject>;
  read(object: BackupObject, signal: AbortSignal): AsyncIterable<Buffer>;
  /** Reads all of it; null where there is no such object. */
  measure(object: BackupObject, signal: AbortSignal): Promise<StoredObject | null>;
  remove(object: BackupObject): Promise<void>;
  /** Removes all objects of a database. */
  removeAll(databaseId: string): Promise<void>;
}

/** Counts a stream and sums it up while it passes. */
export class Tally {
  readonly #hash = createHash('sha256');
  #size = 0;

  async *of(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of stream) {
      this.#hash.update(chunk);
      this.#size += chunk.length;
      yield chunk;
    }
  }

  /** Of what has passed; can be asked for once. */
  total(): StoredObject {
    return { size: this.#size, sha256: this.#hash.digest('hex') };
  }
}

/** Reads a stream to its end. */
export async function measureStream(stream: AsyncIterable<Buffer>): Promise<StoredObject> {
  const tally = new Tally();
  for await (const _chunk of tally.of(stream));
  return tally.total();
}
