import { BackupPlace } from '../../../entities/backup-place.js';
import type { BackupObject, BackupStore, StoredObject } from './backup-store.js';
import { ObjectBroken } from './long-work.js';

/** A backup, and where it is; null until it is done. */
export interface PlacedBackup extends BackupObject {
  place: BackupPlace | null;
}

/** New backups go where the settings of this server say; each is read from where it was put. */
export class BackupPlaces {
  /** `bucket`: null where no S3-compatible storage is set. */
  constructor(
    private readonly folder: BackupStore,
    private readonly bucket: BackupStore | null,
  ) {}

  /** Stores a stream; the object is there whole, or not at all. Replaces what a cut attempt left. */
  async write(object: BackupObject, content: AsyncIterable<Buffer>, signal: AbortSignal): Promise<StoredObject & { place: BackupPlace }> {
    if (this.bucket) return { ...(await this.bucket.write(object, content, signal)), place: BackupPlace.S3 };
    return { ...(await this.folder.write(object, content, signal)), place: BackupPlace.VOLUME };
  }

  /** Throws `ObjectBroken` where it is in a storage that is not set any more. */
  read(object: PlacedBackup, signal: AbortSignal): AsyncIterable<Buffer> {
    return this.#of(object).read(object, signal);
  }

  /** Reads all of it; null where there is no such object. Throws as `read`. */
  async measure(object: PlacedBackup, signal: AbortSignal): Promise<StoredObject | null> {
    return this.#of(object).measure(object, signal);
  }

  /** Where it is is not known of one that was never done, and a storage that is not set any more is out of reach. */
  async remove(object: PlacedBackup): Promise<void> {
    if (object.place !== BackupPlace.S3) await this.folder.remove(object);
    if (object.place !== BackupPlace.VOLUME) await this.bucket?.remove(object);
  }

  /** Removes all objects of a database. */
  async removeAll(databaseId: string): Promise<void> {
    await this.folder.removeAll(databaseId);
    await this.bucket?.removeAll(databaseId);
  }

  #of({ place }: PlacedBackup): BackupStore {
    if (place !== BackupPlace.S3) return this.folder;
    if (!this.bucket) throw new ObjectBroken('The backup is in S3-compatible storage, which is not set any more: the operator has to set APEX_S3_BUCKET again. The database is as it was.');
    return this.bucket;
  }
}
