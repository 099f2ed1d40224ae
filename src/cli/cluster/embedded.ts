import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from '../../node/process-identity.js';
import type { Home } from '../home.js';
import { Problem } from '../problem.js';
import { launch } from '../process/launch.js';
import { logSince, logSize } from '../process/log.js';
import { ProcessRecords, type ProcessRecord } from '../process/records.js';
import { stopProcess, type Escalation } from '../process/stop.js';
import type { Progress } from '../progress.js';
import { cachePath, type Surroundings } from '../surroundings.js';

// Loaded when wanted: most commands never do.
const node = () => import('../../node/embedded-node.js');

const LOOK_EVERY_MS = 200;
/** The bring-up ends its compilers and leaves what is done for the next run. */
const PATIENCE: readonly Escalation[] = [
  ['SIGTERM', 20_000],
  ['SIGKILL', 5_000],
];

/** A bring-up of the node that is under way; `child` is null when an earlier command started it. */
export interface NodeBringUp {
  readonly record: ProcessRecord;
  readonly child: ChildProcess | null;
  readonly logged: number;
}

/** The machine's embedded node, as one home uses it. */
export class EmbeddedCluster {
  private readonly records: ProcessRecords;

  constructor(
    private readonly surroundings: Surroundings,
    private readonly home: Home,
  ) {
    this.records = new ProcessRecords(home.path);
  }

  /** The domain under which this home's services answer. */
  async domain(): Promise<string> {
    const { domainFor } = await node();
    return domainFor(this.home.path);
  }

  /**
   * Registers a process as a user and starts bringing the node to "ready", in a process that survives this one. One
   * that an interrupted command left at work is gone on with.
   */
  async begin(userPid: number): Promise<NodeBringUp> {
    const { registerUser } = await node();
    registerUser({ home: this.home.path, pid: userPid });
    const atWork = this.records.alive('bringUp');
    if (atWork) return { record: atWork, child: null, logged: logSize(this.home.nodeLog) };
    const logged = logSize(this.home.nodeLog);
    const { dist, env } = this.surroundings;
    const ingressPort = env.APEX_INGRESS_PORT ? ['--ingress-port', env.APEX_INGRESS_PORT] : [];
    const launched = await launch({
      command: process.execPath,
      args: ['--enable-source-maps', join(dist, 'node', 'main.js'), 'up', '--home', this.home.path, '--pid', String(userPid), '--cache', cachePath(this.surroundings), ...ingressPort],
      env,
      cwd: this.surroundings.root,
      logFile: this.home.nodeLog,
    });
    this.records.keep('bringUp', launched.record);
    return { ...launched, logged };
  }

  /** Waits until the node is ready, and shows how far it is. */
  async finish(bringUp: NodeBringUp, progress: Progress, signal: AbortSignal): Promise<void> {
    await progress.step('Bringing up the embedded cluster', async (step) => {
      while (isRunning(bringUp)) {
        step.at(howFar(logSince(this.home.nodeLog, bringUp.logged)));
        await delay(LOOK_EVERY_MS, undefined, { signal });
      }
      const { status } = await node();
      const { state, message } = await status();
      if (bringUp.child?.exitCode) throw new Problem(lastWords(logSince(this.home.nodeLog, bringUp.logged)) ?? message);
      if (state !== 'ready') throw new Problem(message);
      step.becomes('The embedded cluster is ready');
    });
  }

  /** {@link begin} and {@link finish}. */
  async ensureReady(userPid: number, progress: Progress, signal: AbortSignal): Promise<void> {
    await this.finish(await this.begin(userPid), progress, signal);
  }

  /** Ends this home's use of the node; the last user's release takes it down. */
  async release(userPid: number, progress: Progress): Promise<void> {
    const bringUp = this.records.alive('bringUp');
    if (bringUp) await stopProcess(bringUp, PATIENCE);
    this.records.forget('bringUp');
    await progress.step('Releasing the embedded cluster', async (step) => {
      const { release } = await node();
      const stopped = await release({ home: this.home.path, pid: userPid });
      step.becomes(stopped ? 'The embedded cluster is stopped' : 'The embedded cluster goes on for its other users');
    });
  }
}

function isRunning({ record, child }: NodeBringUp): boolean {
  return child ? child.exitCode === null && child.signalCode === null : isAlive(record);
}

// A line of the bring-up's log is "TIME STATE N % SENTENCE". The status file is no use here: it goes on saying "ready"
// while a newer build is made beside a node that runs.
function howFar(log: string): string {
  const [, percent, sentence] = /^\S+Z \w+ (\d+ %) (.*?)\.?$/.exec(log.split('\n').at(-1) ?? '') ?? [];
  return percent ? `${percent}: ${sentence}` : '';
}

// The bring-up prints its problem, one sentence behind the time, as the last thing.
function lastWords(log: string): string | undefined {
  return log.split('\n').at(-1)?.replace(/^\S+Z /, '').trim() || undefined;
}
