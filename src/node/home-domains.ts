import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { NodePaths } from './node-paths.js';

const BASE = 'apex.localhost';

/**
 * The domain under which a home's services are served. Several homes share the node's one ingress, so the first gets
 * the plain name and each further one a name of its own, kept for as long as the home exists. A name is claimed by making
 * its file.
 */
export function homeDomain(paths: NodePaths, home: string): string {
  const key = resolve(home);
  const mine = claimed(paths).find(([, owner]) => owner === key);
  if (mine) return mine[0];
  mkdirSync(paths.domains, { recursive: true });
  for (const [name, owner] of claimed(paths)) if (!existsSync(owner)) rmSync(join(paths.domains, name), { force: true });
  for (const name of candidates(key)) {
    try {
      writeFileSync(join(paths.domains, name), key, { flag: 'wx', mode: 0o644 });
      return name;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  throw new Error('No domain is free.');
}

/** The homes that have used this node and still exist. */
export function knownHomes(paths: NodePaths): string[] {
  return claimed(paths).flatMap(([, owner]) => (existsSync(owner) ? [owner] : []));
}

function claimed(paths: NodePaths): Array<readonly [name: string, owner: string]> {
  try {
    return readdirSync(paths.domains)
      .sort((a, b) => a.length - b.length)
      .map((name) => [name, readFileSync(join(paths.domains, name), 'utf8')] as const);
  } catch {
    return [];
  }
}

function* candidates(key: string): Generator<string> {
  yield BASE;
  const digest = createHash('sha256').update(key).digest('hex');
  for (let length = 6; length <= digest.length; length += 1) yield `${digest.slice(0, length)}.${BASE}`;
}
