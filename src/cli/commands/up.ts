import type { Command } from 'commander';
import { BringUp, type UpOptions } from '../bring-up.js';
import { Home } from '../home.js';
import { logSize } from '../process/log.js';
import type { ProcessRecord } from '../process/records.js';
import { isAlive } from '../../node/process-identity.js';
import { Problem } from '../problem.js';
import { Progress } from '../progress.js';
import { follow, terse } from '../server/terse-log.js';
import { homePath, type Surroundings } from '../surroundings.js';
import { welcome } from '../welcome.js';
import { stopSignal } from '../stop-signal.js';
import { parsePort } from './parse-port.js';

const WATCH_EVERY_MS = 1000;

export function addUp(program: Command, surroundings: Surroundings): void {
  program
    .command('up')
    .description('start the database, the server and the cluster; Ctrl-C stops what this command started')
    .option('-d, --detach', 'return when a deploy would be accepted, and leave all of it running')
    .option('--no-cluster', 'run without a cluster: what needs one answers 503')
    .option('-p, --port <port>', 'port of the API and the dashboard (else APEX_PORT, the last one used, or 3000)', parsePort)
    .action((options: UpOptions & { detach?: boolean }) => up(surroundings, options));
}

async function up(surroundings: Surroundings, options: UpOptions & { detach?: boolean }): Promise<void> {
  const progress = new Progress();
  const home = new Home(homePath(surroundings));
  const bringUp = new BringUp(surroundings, home, progress);
  const signal = stopSignal();
  try {
    const { server, cluster } = await bringUp.run(options, signal);
    process.stdout.write(await welcome(home, server, cluster));
    if (options.detach) return;
    await stayAttached(home, server, signal, bringUp.started.has('server'));
  } catch (error) {
    await bringUp.undo();
    if (!signal.aborted) throw error;
    process.exitCode = 130;
    return;
  }
  await bringUp.undo();
}

/** Shows the server's log until the caller has had enough of it. */
async function stayAttached(home: Home, server: ProcessRecord, signal: AbortSignal, ours: boolean): Promise<void> {
  process.stderr.write(ours ? '\nCtrl-C stops it.\n' : '\nIt was running already: Ctrl-C leaves it so, "./apex down" stops it.\n');
  const ended = new AbortController();
  const watch = setInterval(() => void (isAlive(server) || ended.abort()), WATCH_EVERY_MS);
  try {
    for await (const line of follow(home.serverLog, logSize(home.serverLog), AbortSignal.any([signal, ended.signal]))) process.stdout.write(`${terse(line)}\n`);
  } finally {
    clearInterval(watch);
  }
  if (!signal.aborted) throw new Problem(`The server ended by itself: look at ${home.serverLog}, then run ./apex up again.`);
}
