import { chownSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Account } from '../host/account.js';
import { tryCommand } from '../../node/run-command.js';
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
    const initdb = [join(bin, 'initdb'), '-D', fresh, '-U', ADMIN, '--pwfile', passwordFile, '--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C.UTF-8', '--no-instructions'];
    const [command = '', ...args] = account ? ['setpriv', '--reuid', account.name, '--regid', String(account.gid), '--clear-groups', ...initdb] : initdb;
    const { code, stderr } = await tryCommand(command, args, { cwd: folder, env: { LC_ALL: 'C.UTF-8', TZ: 'UTC' }, timeoutMs: DEADLINE_MS });
    if (code !== 0) throw new Problem(`PostgreSQL could not make its data in ${folder}: repair what it says, then run the command again.\n${stderr.trim()}`);
    renameSync(fresh, data);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}
