import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { identify, type ProcessIdentity } from '../../node/process-identity.js';

/** The running PostgreSQL of a data folder, told by its lock file and its working directory, which is that folder. */
export function findPostmaster(data: string): ProcessIdentity | null {
  const pid = lockedBy(data);
  return pid !== null && worksIn(pid, data) ? (identify(pid) ?? null) : null;
}

/**
 * Removes a lock file whose pid now belongs to a stranger: PostgreSQL would refuse to start because of it.
 * Nothing is done while any process still works in the folder.
 */
export function removeStaleLock(data: string): void {
  const pid = lockedBy(data);
  if (pid === null || !identify(pid)) return; // PostgreSQL itself sees that nobody has that pid
  const inUse = readdirSync('/proc').some((name) => /^\d+$/.test(name) && worksIn(Number(name), data));
  if (!inUse) rmSync(join(data, 'postmaster.pid'), { force: true });
}

function lockedBy(data: string): number | null {
  try {
    const pid = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
    return Number.isInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

function worksIn(pid: number, data: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === data;
  } catch {
    return false;
  }
}
