import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import type { Account } from '../host/account.js';
import { identify } from '../../node/process-identity.js';
import { openLog } from './log.js';
import type { ProcessRecord } from './records.js';

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly logFile: string;
  /** Runs as this account in place of the caller's. */
  readonly account?: Account | null;
}

export interface Launched {
  readonly child: ChildProcess;
  readonly record: ProcessRecord;
}

/** Starts a process that outlives this one and has no terminal; what it prints goes to its log. */
export async function launch(what: Launch): Promise<Launched> {
  const log = openLog(what.logFile);
  try {
    const child = spawn(what.command, what.args, {
      cwd: what.cwd,
      env: what.env,
      detached: true,
      stdio: ['ignore', log, log],
      ...(what.account ? { uid: what.account.uid, gid: what.account.gid } : {}),
    });
    await once(child, 'spawn');
    child.unref();
    const identity = identify(child.pid!) ?? { pid: child.pid!, startTime: 'ended at once' };
    const command = [what.command, ...what.args].join(' ');
    return { child, record: { ...identity, command, since: new Date().toISOString() } };
  } finally {
    closeSync(log);
  }
}
