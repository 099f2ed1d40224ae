import { chownSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Account } from '../host/account.js';
import { run } from '../host/run.js';
import { Problem } from '../problem.js';
import { ADMIN, type Access } from './access.js';

const DEADLINE_MS = 120_000;

/** Makes PostgreSQL's data in `folder`, as a whole or not at all. */
export async function initialise(bin: string, folder: string, account: Account | null, access: Access): Promise<void> {
  const data = join(folder, 'data');
  if (existsSync(join(data, 'PG_VERSION'))) return;
  const fresh = join(folder, 'data.fresh');
  const passwordFile = join(folder, 'password');
  rmSync(fresh, { recursive: true, force: true });
  try {
    writeFileSync(passwordFile, `${access.adminPassword}\n`, { mode: 0o600 });
    if (account) chownSync(passwordFile, account.uid, account.gid);
    const { status, tail } = await run(
      join(bin, 'initdb'),
      ['-D', fresh, '-U', ADMIN, '--pwfile', passwordFile, '--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C.UTF-8', '--no-instructions'],
      { cwd: folder, env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', TZ: 'UTC' }, timeoutMs: DEADLINE_MS, ...(account ? { uid: account.uid, gid: account.gid } : {}) },
    );
    if (status !== 0) throw new Problem(`PostgreSQL could not make its data in ${folder}; repair what it says, then run the command again:\n${tail}`);
    renameSync(fresh, data);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}
