import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** Where a command runs: the checkout, its compiled code, the caller's environment. */
export interface Surroundings {
  readonly root: string;
  readonly dist: string;
  readonly env: NodeJS.ProcessEnv;
  /** Names the compiled sources; null while they are compiled by other means than ./apex. */
  readonly build: string | null;
  readonly version: string;
}

/** The one place where the `apex` command reads its environment. */
export function findSurroundings(): Surroundings {
  const dist = dirname(import.meta.dirname);
  const root = rootAbove(dist);
  const stamp = join(dist, '.apex-build');
  return {
    root,
    dist,
    env: process.env,
    build: existsSync(stamp) ? readFileSync(stamp, 'utf8').trim() : null,
    version: (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version,
  };
}

/** The folder of this installation's state. */
export function homePath({ root, env }: Surroundings): string {
  return resolve(env.APEX_HOME || join(root, '.apex'));
}

/** The user's cache, where a second checkout finds what the first one built. */
export function cachePath({ env }: Pick<Surroundings, 'env'>): string {
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'apex');
}

function rootAbove(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'package.json'))) return at;
    if (at === dirname(at)) throw new Error(`no package.json above ${folder}`);
  }
}
