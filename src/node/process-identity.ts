import { readFileSync, readdirSync } from 'node:fs';

/** A process as only one can be: its number is reused, its number with its start time is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In clock ticks since boot, as /proc tells it, after the boot's id. */
  readonly startTime: string;
}

/** When the process with this number began, or undefined if there is none (a zombie counts as none). */
export function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name may hold spaces and parentheses, so fields are counted from after its last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X' || fields[19] === undefined) return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
    return `${boot}-${fields[19]}`;
  } catch {
    return undefined;
  }
}

/** The identity of a running process, or undefined when it does not run. */
export function identify(pid: number): ProcessIdentity | undefined {
  const startTime = startTimeOf(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

/** Whether this very process still runs, and not another one under its number. */
export function isAlive(identity: ProcessIdentity): boolean {
  return startTimeOf(identity.pid) === identity.startTime;
}

/** Numbers of all running processes whose command line or environment satisfies the test. */
export function findProcesses(matches: (commandLine: string[], environment: () => string[]) => boolean): number[] {
  const found: number[] = [];
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const commandLine = readNulls(`/proc/${pid}/cmdline`);
    if (commandLine.length === 0 || startTimeOf(pid) === undefined) continue;
    if (matches(commandLine, () => readNulls(`/proc/${pid}/environ`))) found.push(pid);
  }
  return found;
}

function readNulls(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\0').filter(Boolean);
  } catch {
    return [];
  }
}
