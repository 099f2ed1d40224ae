import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runCommand } from '../../node/run-command.js';
import { installPackages } from '../host/apt.js';
import { rootPrefix } from '../host/root.js';
import { Problem } from '../problem.js';
import type { Progress } from '../progress.js';

const DEBIAN_FOLDER = '/usr/lib/postgresql';
const DROP_IN = '/etc/postgresql-common/createcluster.d/apex.conf';
const DROP_IN_DEADLINE_MS = 10_000;

/** The folder of PostgreSQL's programs: of this major version where data exists already, else the newest. Installs them where they are missing. */
export async function findBinaries(version: string | null, progress: Progress): Promise<string> {
  const found = installed(version);
  if (found) {
    if (existsSync(DROP_IN)) await removeDropIn();
    return found;
  }
  await withoutDefaultCluster(() => installPackages([version ? `postgresql-${version}` : 'postgresql'], 'PostgreSQL', progress, ', or set DATABASE_URL to a PostgreSQL that you have'));
  const now = installed(version);
  if (!now) throw new Problem(`PostgreSQL was installed, but there is no ${DEBIAN_FOLDER}/${version ?? '*'}/bin/postgres: look at "dpkg -L postgresql-${version ?? '*'}".`);
  return now;
}

function installed(version: string | null): string | null {
  const versions = existsSync(DEBIAN_FOLDER) ? readdirSync(DEBIAN_FOLDER).filter((name) => /^\d+$/.test(name)) : [];
  const newestFirst = versions.sort((a, b) => Number(b) - Number(a)).filter((name) => !version || name === version);
  return newestFirst.map((name) => join(DEBIAN_FOLDER, name, 'bin')).find((bin) => existsSync(join(bin, 'postgres')) && existsSync(join(bin, 'initdb'))) ?? null;
}

// Debian's package makes a cluster and starts it by itself; Apex has its own, so the machine is left without one.
async function withoutDefaultCluster(install: () => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'apex-'));
  try {
    const file = join(folder, 'apex.conf');
    writeFileSync(file, 'create_main_cluster = false\n', { mode: 0o644 });
    await asRoot('install', '-D', '-m', '0644', file, DROP_IN);
    await install();
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await removeDropIn();
  }
}

async function removeDropIn(): Promise<void> {
  await asRoot('rm', '-f', DROP_IN);
  await asRoot('rmdir', '--ignore-fail-on-non-empty', dirname(DROP_IN));
}

async function asRoot(...words: string[]): Promise<void> {
  const [command = '', ...args] = [...rootPrefix('Installing PostgreSQL'), ...words];
  await runCommand(command, args, { timeoutMs: DROP_IN_DEADLINE_MS });
}
