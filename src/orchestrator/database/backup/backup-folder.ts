import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { measureStream, Tally, type BackupObject, type BackupStore, type StoredObject } from './backup-store.js';

/** A folder with a folder for each database. Servers that share a database of rows share the folder. */
export class BackupFolder implements BackupStore {
  constructor(private readonly folder: string) {}

  async write(object: BackupObject, content: AsyncIterable<Buffer>, signal: AbortSignal): Promise<StoredObject> {
    const path = this.#path(object);
    const unfinished = `${path}.part`;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(unfinished, 'w', 0o600);
    try {
      const tally = new Tally();
      for await (const chunk of tally.of(content)) {
        signal.throwIfAborted();
        await file.writeFile(chunk);
      }
      await file.sync();
      await rename(unfinished, path);
      await syncFolder(dirname(path));
      return tally.total();
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    } finally {
      await file.close();
    }
  }

  read(object: BackupObject, signal: AbortSignal): AsyncIterable<Buffer> {
    return createReadStream(this.#path(object), { signal, highWaterMark: 256 * 1024 });
  }

  async measure(object: BackupObject, signal: AbortSignal): Promise<StoredObject | null> {
    try {
      return await measureStream(this.read(object, signal));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  async remove(object: BackupObject): Promise<void> {
    const path = this.#path(object);
    await Promise.all([rm(path, { force: true }), rm(`${path}.part`, { force: true })]);
    const left = await readdir(dirname(path)).catch(() => ['unknown']);
    if (left.length === 0) await this.removeAll(object.databaseId);
  }

  async removeAll(databaseId: string): Promise<void> {
    await rm(join(this.folder, databaseId), { recursive: true, force: true });
  }

  #path({ databaseId, id }: BackupObject): string {
    return join(this.folder, databaseId, id);
  }
}

/** A name is kept by its folder. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
