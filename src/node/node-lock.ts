import { closeSync, linkSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity } from './process-identity.js';

/** What the holder of the lock does with the node. */
export type LockPurpose = 'up' | 'down';
export interface LockHolder extends ProcessIdentity {
  readonly purpose: LockPurpose;
}

/** Held by the one process that changes the node; whoever comes second waits and then finds the work done. */
export class NodeLock {
  private constructor(private readonly path: string) {}

  /** Waits until the lock is free; a holder that died no longer counts. `onWait` is called at each look. */
  static async acquire(path: string, purpose: LockPurpose, options: { signal?: AbortSignal | undefined; onWait?: () => void } = {}): Promise<NodeLock> {
    mkdirSync(dirname(path), { recursive: true });
    for (;;) {
      if (take(path, purpose)) return new NodeLock(path);
      removeIfStale(path);
      options.onWait?.();
      await pause(250, undefined, options.signal ? { signal: options.signal } : {});
    }
  }

  /** Gives the lock to the next who waits. */
  release(): void {
    rmSync(this.path, { force: true });
  }
}

/** Who holds the lock now, if anybody alive does. */
export function lockHolder(path: string): LockHolder | undefined {
  const holder = read(path);
  return holder && isAlive(holder) ? holder : undefined;
}

function take(path: string, purpose: LockPurpose): boolean {
  const mine = `${path}.${process.pid}`;
  const file = openSync(mine, 'w', 0o644);
  writeSync(file, JSON.stringify({ ...identify(process.pid), purpose }));
  closeSync(file);
  try {
    // A link appears with its content at once, so nobody ever reads a lock without its holder.
    linkSync(mine, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(mine, { force: true });
  }
}

function read(path: string): LockHolder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as LockHolder;
  } catch {
    return undefined;
  }
}

/** Moves a dead holder's lock aside first: if another waiter took the lock meanwhile, it is put back. */
function removeIfStale(path: string): void {
  const holder = read(path);
  if (!holder || isAlive(holder)) return;
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
    const moved = read(aside);
    if (moved && isAlive(moved)) linkSync(aside, path);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}
