import { describeCluster, type ClusterChoice } from './cluster/choice.js';
import { readAccess } from './database/access.js';
import { EmbeddedPostgres } from './database/embedded-postgres.js';
import type { Home } from './home.js';
import { ProcessRecords } from './process/records.js';
import { askReadiness } from './server/readiness.js';
import { ServerProcess } from './server/server-process.js';
import type { Surroundings } from './surroundings.js';

export interface PartState {
  readonly state: string;
  readonly pid?: number | undefined;
  readonly port?: number | undefined;
  readonly since?: string | undefined;
  readonly message?: string | undefined;
}

export interface Inspection {
  readonly home: string;
  readonly url: string | null;
  readonly acceptsDeploys: boolean;
  readonly server: PartState;
  readonly database: PartState;
  readonly cluster: PartState;
}

/** Looks at all parts of a home and changes nothing. */
export async function inspect(surroundings: Surroundings, home: Home): Promise<Inspection> {
  const records = new ProcessRecords(home.path);
  const server = new ServerProcess(surroundings, home).find();
  const [serves, deploys] = server?.url ? await Promise.all([askReadiness(server.url), askReadiness(server.url, { cluster: true })]) : [null, null];
  const choice = home.lastUp?.cluster;
  return {
    home: home.path,
    url: server?.url ?? null,
    acceptsDeploys: deploys?.ready ?? false,
    server: server
      ? { state: serves?.ready ? 'ready' : serves?.answered ? 'unready' : 'starting', pid: server.pid, port: server.port, since: server.since, message: serves?.reason || undefined }
      : { state: 'stopped', message: records.find('server') ? 'it ended by itself; "./apex up" starts it again' : undefined },
    database: databaseState(surroundings, home, records),
    cluster: choice ? await clusterState(choice, deploys) : { state: 'none' },
  };
}

function databaseState({ env }: Surroundings, home: Home, records: ProcessRecords): PartState {
  if (env.DATABASE_URL) return { state: 'external', message: 'the one of DATABASE_URL' };
  const running = new EmbeddedPostgres(home.path).find();
  if (!running) return { state: 'stopped' };
  return { state: 'running', pid: running.pid, port: readAccess(home.path)?.port, since: records.alive('postgres')?.since };
}

async function clusterState(choice: ClusterChoice, deploys: { ready: boolean; reason: string } | null): Promise<PartState> {
  if (choice.kind === 'none') return { state: 'none', message: 'started with --no-cluster' };
  if (choice.kind === 'embedded') {
    const { status } = await import('../node/embedded-node.js');
    const { state, percent, message, since } = await status();
    const told = state === 'ready' ? (deploys?.reason ?? '') : percent ? `${percent} %, ${message}` : message;
    return { state, since, message: ['the embedded node', told].filter(Boolean).join(', ') };
  }
  const state = deploys ? (deploys.ready ? 'ready' : 'unready') : 'unknown';
  return { state, message: [describeCluster(choice), deploys?.reason].filter(Boolean).join(', ') };
}
