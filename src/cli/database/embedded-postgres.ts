import type { ChildProcess } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SYSTEM_PATH } from '../../node/run-command.js';
import { findAccount, type Account } from '../host/account.js';
import { freePort, isPortFree } from '../host/ports.js';
import { isRoot } from '../host/root.js';
import { messageOf, Problem } from '../problem.js';
import { logSince, logSize } from '../process/log.js';
import { launch } from '../process/launch.js';
import { ProcessRecords } from '../process/records.js';
import { stopProcess, type Escalation } from '../process/stop.js';
import type { Progress } from '../progress.js';
import { keepAccess, newAccess, readAccess, type Access } from './access.js';
import { findBinaries } from './binaries.js';
import { dataVersion, findDataFolder, makeDataFolder } from './data-folder.js';
import { initialise } from './initialise.js';
import { findPostmaster, removeStaleLock } from './postmaster.js';
import { connect, prepareDatabase } from './prepare.js';
import { postgresSettings, type Durability } from './server-settings.js';

const START_DEADLINE_MS = 120_000; // recovery after a crash takes its time
const TRY_EVERY_MS = 50;
const ORPHANS_DEADLINE_MS = 15_000;

/** SIGINT is PostgreSQL's fast shutdown: sessions are ended, nothing is lost. */
const FAST_SHUTDOWN: readonly Escalation[] = [
  ['SIGINT', 30_000],
  ['SIGQUIT', 10_000],
  ['SIGKILL', 10_000],
];

/** The PostgreSQL of one home: made at its first start, on loopback alone, for this home alone. */
export class EmbeddedPostgres {
  private readonly records: ProcessRecords;

  constructor(
    private readonly home: string,
    private readonly durability: Durability = 'durable',
  ) {
    this.records = new ProcessRecords(home);
  }

  /** Brings it to "accepts connections", whatever state it was left in. `started` is false when it ran already. */
  async ensureRunning(progress: Progress): Promise<{ access: Access; started: boolean }> {
    const running = await this.reachable();
    if (running) return { access: running, started: false };
    const folder = findDataFolder(this.home);
    const bin = await findBinaries(folder && dataVersion(folder), progress);
    const access = await progress.step('Starting PostgreSQL', async (step) => {
      const ready = await this.start(bin);
      step.becomes(`PostgreSQL is ready on port ${ready.port}`);
      return ready;
    });
    return { access, started: true };
  }

  /** Stops it; answers false when it did not run. */
  async stop(): Promise<boolean> {
    const running = this.find();
    const stopped = running ? await stopProcess(running, FAST_SHUTDOWN) : false;
    this.records.forget('postgres');
    return stopped;
  }

  /** The process, if it runs. */
  find() {
    const record = this.records.alive('postgres');
    if (record) return record;
    const folder = findDataFolder(this.home);
    return folder && findPostmaster(join(realpathSync(folder), 'data'));
  }

  private async reachable(): Promise<Access | null> {
    const access = readAccess(this.home);
    if (!access || !this.find()) return null;
    await waitUntilAccepting(access, null);
    await prepareDatabase(access);
    return access;
  }

  private async start(bin: string): Promise<Access> {
    const account = accountForPostgres();
    const folder = realpathSync(makeDataFolder(this.home, account));
    const access = await this.accessWithFreePort(folder);
    await initialise(bin, folder, account, access);
    removeStaleLock(join(folder, 'data'));
    for (const deadline = Date.now() + ORPHANS_DEADLINE_MS; ; await delay(4 * TRY_EVERY_MS)) {
      const refusal = await this.tryToStart(bin, folder, account, access);
      if (refusal === null) break;
      // The last backends of a killed PostgreSQL are still going.
      if (!/shared memory block|lock file "postmaster.pid"/.test(refusal) || Date.now() > deadline) throw new Problem(`PostgreSQL does not start; its log ${this.logFile} ends with:\n${refusal}`);
    }
    await prepareDatabase(access);
    return access;
  }

  private async tryToStart(bin: string, folder: string, account: Account | null, access: Access): Promise<string | null> {
    const logged = logSize(this.logFile);
    const { child, record } = await launch({
      command: join(bin, 'postgres'),
      args: ['-D', join(folder, 'data'), ...postgresSettings(access.port, this.durability)],
      env: { PATH: SYSTEM_PATH, LC_ALL: 'C.UTF-8', TZ: 'UTC' },
      cwd: folder,
      logFile: this.logFile,
      account,
    });
    this.records.keep('postgres', { ...record, port: access.port });
    if (await waitUntilAccepting(access, child)) return null;
    this.records.forget('postgres');
    return logSince(this.logFile, logged);
  }

  private async accessWithFreePort(folder: string): Promise<Access> {
    const known = readAccess(this.home);
    if (!known && dataVersion(folder)) throw new Problem(`The data in ${folder} is there, but its passwords in ${join(this.home, 'database.json')} are gone: restore that file, or give the data up with "./apex down --purge".`);
    if (known && (await isPortFree(known.port))) return known;
    const access = known ? { ...known, port: await freePort() } : newAccess(await freePort());
    keepAccess(this.home, access);
    return access;
  }

  private get logFile(): string {
    return join(this.home, 'logs', 'postgres.log');
  }
}

// PostgreSQL refuses to run as root.
function accountForPostgres(): Account | null {
  if (!isRoot()) return null;
  const account = findAccount('postgres');
  if (!account) throw new Problem('There is no account "postgres" on this machine: reinstall Debian\'s package postgresql-common, which makes it.');
  return account;
}

/** True once it accepts connections; false when the process ended before. */
async function waitUntilAccepting(access: Access, child: ChildProcess | null): Promise<boolean> {
  for (const deadline = Date.now() + START_DEADLINE_MS; ; await delay(TRY_EVERY_MS)) {
    if (child && (child.exitCode !== null || child.signalCode !== null)) return false;
    try {
      const client = await connect(access);
      await client.end();
      return true;
    } catch (error) {
      if (Date.now() > deadline) throw new Problem(`PostgreSQL on port ${access.port} accepts no connection: ${messageOf(error)}`);
    }
  }
}
