import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const KEPT = 3;

/** Removes all but the newest builds from the cache: each is 300 MB, and every state of `cluster/` makes one. The running node has its own copies. */
export function removeOldBuilds(cacheDir: string): void {
  const builds = readdirSync(cacheDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /^cluster-[0-9a-f]{16}$/.test(entry.name))
    .map(({ name }) => ({ path: join(cacheDir, name), touched: statSync(join(cacheDir, name, 'bin'), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.touched - a.touched);
  for (const { path } of builds.slice(KEPT)) rmSync(path, { recursive: true, force: true });
}
