import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { nodePaths } from '../../node/node-paths.js';
import { readStatus } from '../../node/node-status.js';
import type { Home } from '../home.js';
import { Problem } from '../problem.js';
import { launch } from '../process/launch.js';
import { logSince, logSize } from '../process/log.js';
import { ProcessRecords } from '../process/records.js';
import { stopProcess, type Escalation } from '../process/stop.js';
import type { Progress, Step } from '../progress.js';
import type { Surroundings } from '../surroundings.js';

// Loaded when wanted: most commands never do.
const node = () => import('../../node/embedded-node.js');

const LOOK_EVERY_MS = 200;
/** The bring-up ends its compilers and leaves what is done for the next run. */
const PATIENCE: readonly Escalation[] = [
  ['SIGTERM', 20_000],
  ['SIGKILL', 5_000],
];

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

  /** Registers a process as a user and brings the node to "ready", in a process that survives this one. */
  async ensureReady(userPid: number, progress: Progress, signal: AbortSignal): Promise<void> {
    const { registerUser } = await node();
    await registerUser({ home: this.home.path, pid: userPid });
    const logged = logSize(this.home.nodeLog);
    const { child, record } = await launch({
      command: process.execPath,
      args: ['--enable-source-maps', join(this.surroundings.dist, 'node', 'main.js'), 'up', '--home', this.home.path],
      env: this.surroundings.env,
      cwd: this.surroundings.root,
      logFile: this.home.nodeLog,
    });
    this.records.keep('bringUp', record);
    await progress.step('Bringing up the embedded cluster', async (step) => {
      await this.follow(child, step, signal);
      this.records.forget('bringUp');
      if (child.exitCode !== 0) throw new Problem(failure(logSince(this.home.nodeLog, logged)));
      step.becomes('The embedded cluster is ready');
    });
  }

  /** Ends this home's use of the node; the last user's release takes it down. */
  async release(userPid: number, progress: Progress): Promise<void> {
    const bringUp = this.records.alive('bringUp');
    if (bringUp) await stopProcess(bringUp, PATIENCE);
    this.records.forget('bringUp');
    await progress.step('Releasing the embedded cluster', async (step) => {
      const { release } = await node();
      await release({ home: this.home.path, pid: userPid });
      step.becomes(readStatus(nodePaths()).state === 'ready' ? 'The embedded cluster goes on for its other users' : 'The embedded cluster is stopped');
    });
  }

  private async follow(child: ChildProcess, step: Step, signal: AbortSignal): Promise<void> {
    while (child.exitCode === null && child.signalCode === null) {
      const { message, percent, state } = readStatus(nodePaths());
      if (state === 'building' || state === 'starting') step.at(`${percent} %, ${message.replace(/\.$/, '')}`);
      await delay(LOOK_EVERY_MS, undefined, { signal });
    }
  }
}

// The bring-up prints its problem, one sentence, as the last thing.
function failure(log: string): string {
  const last = log.split('\n').at(-1)?.replace(/^apex: /, '').trim();
  return last || 'The embedded cluster could not be brought up, and its log does not say why.';
}
