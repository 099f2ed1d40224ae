import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Where the files of segments are. A file is there whole or not at all. */
export interface SegmentFiles {
  write(teamId: string, id: string, bytes: Buffer): Promise<void>;
  /** The first `length` bytes, or fewer where the file is shorter. Null where there is no such file. */
  head(teamId: string, id: string, length: number, signal?: AbortSignal): Promise<Buffer | null>;
  read(teamId: string, id: string, signal?: AbortSignal): Promise<Buffer | null>;
  remove(teamId: string, id: string): Promise<void>;
  /** Ids of the files that were written before `until`. */
  written(until: Date): AsyncIterable<{ teamId: string; id: string }>;
}

/** How the names of segments end. */
export const ENDING = '.segment';

/** Files in a folder of this machine, one folder for each team, open to nobody else. */
export class SegmentFolder implements SegmentFiles {
  constructor(private readonly folder: string) {}

  async write(teamId: string, id: string, bytes: Buffer): Promise<void> {
    const path = this.#path(teamId, id);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(`${path}.part`, 'w', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.part`, path);
    await syncFolder(dirname(path));
  }

  async head(teamId: string, id: string, length: number): Promise<Buffer | null> {
    return orNull(async () => {
      const file = await open(this.#path(teamId, id), 'r');
      try {
        const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, 0);
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    });
  }

  read(teamId: string, id: string): Promise<Buffer | null> {
    return orNull(() => readFile(this.#path(teamId, id)));
  }

  async remove(teamId: string, id: string): Promise<void> {
    await rm(this.#path(teamId, id), { force: true });
  }

  async *written(until: Date): AsyncGenerator<{ teamId: string; id: string }> {
    for (const teamId of (await orNull(() => readdir(this.folder))) ?? []) {
      for (const name of (await orNull(() => readdir(join(this.folder, teamId)))) ?? []) {
        const path = join(this.folder, teamId, name);
        const seen = await orNull(() => stat(path));
        if (!seen || seen.mtime >= until) continue;
        if (name.endsWith(ENDING)) yield { teamId, id: name.slice(0, -ENDING.length) };
        else await rm(path, { force: true });
      }
    }
  }

  #path(teamId: string, id: string): string {
    return join(this.folder, teamId, `${id}${ENDING}`);
  }
}

/** What was renamed is on the disk only once its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function orNull<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ENOTDIR') return null;
    throw error;
  }
}
