import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'apex-build-';
/** Machine, process, when that began, and what makes it unique. */
const NAME = new RegExp(`^${PREFIX}([0-9a-f]{8})-(\\d+)-([0-9a-f]{8})-\\w{6}$`);

const short = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);
/** Containers may share a folder, and do not see each other's processes. */
const MACHINE = short(hostname());

/** A folder for one build, which says whose it is. Short: a socket in it has a name of at most 107 bytes. */
export function makeBuildFolder(): string {
  return mkdtempSync(join(tmpdir(), `${PREFIX}${MACHINE}-${process.pid}-${startOf(process.pid)}-`));
}

/** Removes the folders of processes that are no more: one that is killed over a build leaves its own. */
export function removeLeftFolders(): void {
  for (const name of readdirSync(tmpdir())) {
    const [, machine, pid, start] = NAME.exec(name) ?? [];
    if (machine === MACHINE && start !== startOf(Number(pid))) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

/** Stands for when a process began: its number may be another's by now. Of one that does not run, what no process has. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Its name, in parentheses, may hold spaces: what follows begins with the third field, and this is the 22nd.
    const began = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return short(`${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')}${began}`);
  } catch {
    return 'gone';
  }
}
