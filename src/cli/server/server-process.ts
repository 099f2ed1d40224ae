import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { clusterVariables, type ClusterChoice } from '../cluster/choice.js';
import type { Home } from '../home.js';
import { isPortFree, whoListensOn } from '../host/ports.js';
import { Problem } from '../problem.js';
import { launch } from '../process/launch.js';
import { findProcesses, identify, isAlive } from '../../node/process-identity.js';
import { logSince, logSize } from '../process/log.js';
import { ProcessRecords, type ProcessRecord } from '../process/records.js';
import { stopProcess } from '../process/stop.js';
import { cachePath, type Surroundings } from '../surroundings.js';
import { askReadiness, localUrl } from './readiness.js';
import { terse } from './terse-log.js';

const READY_DEADLINE_MS = 60_000;
const LOOK_EVERY_MS = 50;

export interface ServerOptions {
  readonly port: number;
  readonly databaseUrl: string;
  readonly cluster: ClusterChoice;
  readonly domain?: string | undefined;
}

/** The one server of a home. */
export class ServerProcess {
  private readonly records: ProcessRecords;

  constructor(
    private readonly surroundings: Surroundings,
    private readonly home: Home,
  ) {
    this.records = new ProcessRecords(home.path);
  }

  /** The process, if it runs. */
  find(): ProcessRecord | null {
    return this.records.alive('server') ?? this.findUnrecorded();
  }

  /** Keeps the server that runs with just these options and this build; starts or restarts it otherwise. */
  async ensureRunning(options: ServerOptions): Promise<{ record: ProcessRecord; started: boolean }> {
    const env = this.environment(options);
    const fingerprint = this.fingerprint(env);
    const running = this.find();
    if (running?.url && running.fingerprint === fingerprint && (await askReadiness(running.url)).answered) {
      await this.untilReady(running.url, logSize(this.home.serverLog), () => !isAlive(running));
      return { record: running, started: false };
    }
    if (running) await this.stop();
    await requireFreePort(options.port, env.APEX_HOST);
    return { record: await this.start(options, env, fingerprint), started: true };
  }

  /** Stops it in its own time (it drains for 30 s at most); answers false when it did not run. */
  async stop(): Promise<boolean> {
    const running = this.find();
    const stopped = running ? await stopProcess(running) : false;
    this.records.forget('server');
    return stopped;
  }

  // A command that was killed between the server's start and its record leaves one that only its environment tells.
  private findUnrecorded(): ProcessRecord | null {
    const command = this.mainFile;
    const [pid] = findProcesses((words, environment) => words.includes(command) && environment().includes(`APEX_HOME=${this.home.path}`));
    const identity = pid === undefined ? undefined : identify(pid);
    return identity ? { ...identity, command, since: new Date().toISOString() } : null;
  }

  private get mainFile(): string {
    return join(this.surroundings.dist, 'main.js');
  }

  private async start(options: ServerOptions, env: NodeJS.ProcessEnv, fingerprint: string): Promise<ProcessRecord> {
    const logged = logSize(this.home.serverLog);
    const { child, record: launched } = await launch({
      command: process.execPath,
      args: ['--enable-source-maps', this.mainFile],
      env,
      cwd: this.surroundings.root,
      logFile: this.home.serverLog,
    });
    const url = localUrl(options.port, env.APEX_HOST);
    const record = { ...launched, port: options.port, url, fingerprint, cluster: options.cluster.kind };
    this.records.keep('server', record);
    await this.untilReady(url, logged, () => child.exitCode !== null || child.signalCode !== null);
    return record;
  }

  private async untilReady(url: string, logged: number, hasEnded: () => boolean): Promise<void> {
    for (const deadline = Date.now() + READY_DEADLINE_MS; ; await delay(LOOK_EVERY_MS)) {
      const ended = hasEnded();
      const { ready, reason } = await askReadiness(url);
      if (ready && !ended) return;
      if (!ended && Date.now() < deadline) continue;
      await this.stop();
      const what = ended ? 'ended at once' : `was not ready within ${READY_DEADLINE_MS / 1000} s (${reason})`;
      throw new Problem(`The server ${what}; its log ${this.home.serverLog} ends with:\n${logSince(this.home.serverLog, logged).split('\n').map(terse).join('\n')}`);
    }
  }

  private environment({ port, databaseUrl, cluster, domain }: ServerOptions): NodeJS.ProcessEnv {
    const { env } = this.surroundings;
    return {
      ...env,
      ...clusterVariables(cluster),
      APEX_PORT: String(port),
      APEX_HOME: this.home.path,
      DATABASE_URL: databaseUrl,
      APEX_CACHE_DIR: env.APEX_CACHE_DIR || cachePath(this.surroundings),
      APEX_DOMAIN: env.APEX_DOMAIN || domain,
      ...(env.APEX_SECRET_KEY || env.APEX_SECRET_KEY_FILE || env.APEX_SECRET_KEY_COMMAND ? {} : { APEX_SECRET_KEY_FILE: this.home.secretKeyFile }),
    };
  }

  private fingerprint(env: NodeJS.ProcessEnv): string {
    const settings = Object.entries(env).filter(([name]) => /^(APEX_|DATABASE_URL$|KUBECONFIG$|NODE_)/.test(name));
    const told = JSON.stringify([this.surroundings.root, this.surroundings.build, process.execPath, settings.sort(([a], [b]) => (a < b ? -1 : 1))]);
    return createHash('sha256').update(told).digest('hex');
  }
}

async function requireFreePort(port: number, host: string | undefined): Promise<void> {
  if (await isPortFree(port, host || undefined)) return;
  const who = whoListensOn(port);
  throw new Problem(`Port ${port} is taken${who ? ` by ${who}` : ''}: stop that program, or choose another port with --port or APEX_PORT.`);
}
