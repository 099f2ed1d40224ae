import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { findProgram, tryCommand } from './run-command.js';

const POLICY = '/usr/sbin/policy-rc.d';
const KEPT = '/usr/sbin/policy-rc.d.before-apex';
const MARK = '# Written by apex while it installs packages; removed right after.';

/**
 * Runs an installation during which Debian starts no service: the packages are wanted for their programs only. The
 * machine's own policy, if it has one, is put back; so is one that an earlier, killed run left aside.
 */
export async function withoutServiceStarts(units: readonly string[], install: () => Promise<void>): Promise<void> {
  restoreServiceStarts();
  if (existsSync(POLICY)) renameSync(POLICY, KEPT);
  writeFileSync(POLICY, `#!/bin/sh\n${MARK}\nexit 101\n`, { mode: 0o755 });
  try {
    await install();
    // Only units of packages that were not there before: what the user runs already is not touched.
    if (units.length > 0 && findProgram('systemctl')) await tryCommand('systemctl', ['disable', ...units]);
  } finally {
    restoreServiceStarts();
  }
}

/** Puts the machine back as it was before an installation, also after a kill in the middle of one. */
export function restoreServiceStarts(): void {
  if (existsSync(KEPT)) renameSync(KEPT, POLICY);
  else if (existsSync(POLICY) && isOurs()) rmSync(POLICY);
}

function isOurs(): boolean {
  return readFileSync(POLICY, 'utf8').includes(MARK);
}
