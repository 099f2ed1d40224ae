import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterChoice } from './cluster/choice.js';
import { chooseCluster } from './cluster/choose.js';
import { EmbeddedCluster, type NodeBringUp } from './cluster/embedded.js';
import { ownerUrl } from './database/access.js';
import { EmbeddedPostgres } from './database/embedded-postgres.js';
import type { Home } from './home.js';
import { Problem } from './problem.js';
import { ProcessRecords, type ProcessRecord } from './process/records.js';
import type { Progress } from './progress.js';
import { askReadiness } from './server/readiness.js';
import { ServerProcess } from './server/server-process.js';
import type { Surroundings } from './surroundings.js';
import { takeDown, type Part } from './take-down.js';

const DEFAULT_PORT = 3000;
const LOOK_EVERY_MS = 200;
const ACCEPTS_DEPLOYS_DEADLINE_MS = 60_000;

export interface UpOptions {
  readonly port?: number | undefined;
  readonly cluster: boolean;
}

/** Brings one home to "a deploy would be accepted", from whatever state it was left in. */
export class BringUp {
  /** What this run started itself, and so may stop. */
  readonly started = new Set<Part>();
  private readonly embedded: EmbeddedCluster;
  private serverPid: number | undefined;

  constructor(
    private readonly surroundings: Surroundings,
    private readonly home: Home,
    private readonly progress: Progress,
  ) {
    this.embedded = new EmbeddedCluster(surroundings, home);
  }

  async run(options: UpOptions, signal: AbortSignal): Promise<{ server: ProcessRecord; cluster: ClusterChoice }> {
    const cluster: ClusterChoice = options.cluster ? await chooseCluster(this.surroundings, this.progress) : { kind: 'none' };
    this.home.make();
    const { server, node } = await this.home.exclusively(
      'up',
      () => this.start(options, cluster, signal),
      () => signal.throwIfAborted(),
    );
    // Waiting is no change of the home: "down" may be called meanwhile.
    if (node) await this.embedded.finish(node, this.progress, signal);
    if (cluster.kind !== 'none') await this.untilDeploysAreAccepted(server, signal);
    return { server, cluster };
  }

  /** Stops what this run started, unless a server that another run started since makes use of it. */
  async undo(): Promise<void> {
    const server = new ServerProcess(this.surroundings, this.home).find();
    if (server && server.pid !== this.serverPid) return;
    if (this.started.size) await takeDown(this.surroundings, this.home, this.progress, this.started);
  }

  private async start(options: UpOptions, cluster: ClusterChoice, signal: AbortSignal): Promise<{ server: ProcessRecord; node: NodeBringUp | null }> {
    this.home.makeSecretKey();
    const databaseUrl = await this.database();
    signal.throwIfAborted();
    const server = await this.server(options, databaseUrl, cluster);
    signal.throwIfAborted();
    if (cluster.kind !== 'embedded') return { server, node: null };
    if (this.started.has('server')) this.started.add('node');
    return { server, node: await this.embedded.begin(server.pid) };
  }

  private async database(): Promise<string> {
    if (this.surroundings.env.DATABASE_URL) return this.surroundings.env.DATABASE_URL;
    const { access, started } = await new EmbeddedPostgres(this.home.path).ensureRunning(this.progress);
    if (started) this.started.add('postgres');
    return ownerUrl(access);
  }

  private async server(options: UpOptions, databaseUrl: string, cluster: ClusterChoice): Promise<ProcessRecord> {
    const port = options.port ?? envPort(this.surroundings.env.APEX_PORT) ?? this.home.lastUp?.port ?? DEFAULT_PORT;
    const server = new ServerProcess(this.surroundings, this.home);
    const before = new ProcessRecords(this.home.path).find('server');
    const record = await this.progress.step('Starting the server', async (step) => {
      const domain = cluster.kind === 'embedded' ? await this.embedded.domain() : undefined;
      const { record, started } = await server.ensureRunning({ port, databaseUrl, cluster, domain });
      if (started) {
        this.started.add('server');
        this.serverPid = record.pid;
      }
      this.home.lastUp = { port, cluster };
      step.becomes(`The server ${started ? 'is ready' : 'was running already'} on port ${port}`);
      return record;
    });
    if (before?.cluster === 'embedded' && cluster.kind !== 'embedded') await this.embedded.release(before.pid, this.progress);
    return record;
  }

  private async untilDeploysAreAccepted(server: ProcessRecord, signal: AbortSignal): Promise<void> {
    await this.progress.step('Connecting the server to the cluster', async (step) => {
      for (const deadline = Date.now() + ACCEPTS_DEPLOYS_DEADLINE_MS; ; await delay(LOOK_EVERY_MS, undefined, { signal })) {
        const { ready, reason } = await askReadiness(server.url!, { cluster: true });
        if (ready) break;
        step.at(reason);
        if (Date.now() > deadline) throw new Problem(`The server accepts no deploy yet: ${reason}. Look at ${this.home.serverLog}, then run the command again.`);
      }
      step.becomes('Deploys are accepted');
    });
  }
}

function envPort(text: string | undefined): number | undefined {
  if (!text) return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Problem(`APEX_PORT is not a port: set it to a number from 1 to 65535.`);
  return port;
}
