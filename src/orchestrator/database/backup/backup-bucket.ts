import type { S3Storage } from '../../../outside/s3-storage.js';
import { measureStream, Tally, type BackupObject, type BackupStore, type StoredObject } from './backup-store.js';
import { ObjectBroken } from './long-work.js';

/** Backups in S3-compatible storage: `<installation>/backups/<database>/<backup>`. */
export class BackupBucket implements BackupStore {
  constructor(
    private readonly storage: S3Storage,
    private readonly installationId: string,
  ) {}

  async write(object: BackupObject, content: AsyncIterable<Buffer>, signal: AbortSignal): Promise<StoredObject> {
    const key = this.#key(object);
    await this.storage.endUploads(key, new Date(), signal);
    const tally = new Tally();
    await this.storage.put(key, tally.of(content), signal);
    return tally.total();
  }

  async *read(object: BackupObject, signal: AbortSignal): AsyncGenerator<Buffer> {
    const content = await this.storage.get(this.#key(object), signal);
    if (!content) throw new ObjectBroken('The backup is not in the store of backups any more.');
    yield* content;
  }

  async measure(object: BackupObject, signal: AbortSignal): Promise<StoredObject | null> {
    const content = await this.storage.get(this.#key(object), signal);
    return content && measureStream(content);
  }

  async remove(object: BackupObject): Promise<void> {
    await this.storage.remove(this.#key(object));
  }

  async removeAll(databaseId: string): Promise<void> {
    for await (const { key } of this.storage.list(this.#folder(databaseId))) await this.storage.remove(key);
    await this.storage.endUploads(this.#folder(databaseId), new Date());
  }

  #key({ databaseId, id }: BackupObject): string {
    return `${this.#folder(databaseId)}${id}`;
  }

  #folder(databaseId: string): string {
    return `${this.installationId}/backups/${databaseId}/`;
  }
}
