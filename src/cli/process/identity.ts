import { readFileSync } from 'node:fs';

/** A process for certain: a pid alone may have been given to another one since, after a reboot too. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
}

const STATE = 0;
const START_TICKS = 19;

/** Who holds this pid now; null when nobody does, or only a corpse that its parent has not collected. */
export function identityOf(pid: number): ProcessIdentity | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The name in parentheses may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[STATE] === 'Z' || fields[STATE] === 'X') return null;
  return { pid, startTime: `${fields[START_TICKS]}@${bootId()}` };
}

/** Whether exactly this process still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identityOf(identity.pid)?.startTime === identity.startTime;
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
