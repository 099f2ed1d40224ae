import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCredentials } from '../../src/orchestrator/kubernetes/cluster-source.js';
import { Installation } from '../faults/server-process.js';
import { theCluster } from '../orchestrator/cluster-installation.js';
import { TcpProxy } from '../orchestrator/tcp-proxy.js';
import { newCommit, pushOf, SECRET } from '../support/github.js';
import { http } from '../support/http.js';
import type { SenderWish, SentDelivery } from './paced-sender.js';

export interface StormWish {
  services: number;
  pushes: number;
  seconds: number;
  /** For so long from the first push on, the API server of the cluster is not to be reached. */
  awaySeconds: number;
}

export interface Storm {
  statuses: Record<number, number>;
  outcomes: Record<string, number>;
  /** Deliveries that have not exactly one outcome. */
  untold: number;
  /** Services whose newest commit is not LIVE in the end. */
  behind: string[];
  /** From the last push to that. */
  settledSeconds: number;
  milliseconds: Percentiles;
  /** The worse of right before and once it is settled: on a machine that does other things, too, the load comes and goes. */
  bare: Percentiles;
}

export interface Percentiles {
  p50: number;
  p99: number;
  max: number;
}

interface Delivery {
  id: string;
  body: string;
  service: number;
}

const SIZE = 20_000;
const SETTLE_SECONDS = 240;

/** Many signed pushes to many services, while the cluster is away at first; and the same to a server that only checks and stores. Servers and sender are processes of their own. */
export async function pushStorm({ services, pushes, seconds, awaySeconds }: StormWish): Promise<Storm> {
  const folder = mkdtempSync(join(tmpdir(), 'apex-storm-'));
  const kubeconfig = readCredentials(theCluster()).load();
  const api = new URL(kubeconfig.getCurrentCluster()!.server);
  const proxy = await TcpProxy.to(api.hostname, Number(api.port || 443));
  writeFileSync(join(folder, 'kubeconfig'), kubeconfig.exportConfig().replaceAll(api.origin, `https://127.0.0.1:${proxy.port}`), { mode: 0o600 });
  const installation = await Installation.make();
  try {
    const server = await installation.server({ KUBECONFIG: join(folder, 'kubeconfig'), APEX_NODE_DIR: '', APEX_GITHUB_WEBHOOK_SECRET: SECRET });
    const repositories = Array.from({ length: services }, (_, n) => `storm/${randomUUID()}-${n}`);
    await Promise.all(repositories.map((repository, n) => deployed(server, `storm-${n}`, repository)));
    await until(server, (list) => list.every(({ latestDeployment }) => latestDeployment.state === 'LIVE'));

    const { deliveries, newest } = planned(repositories, pushes);
    const before = await besideBare(installation.database.url, deliveries, seconds);
    proxy.refuse();
    const back = setTimeout(() => proxy.pass(), awaySeconds * 1000);
    const answers = await sent({ url: server.url, secret: SECRET, seconds, deliveries });
    clearTimeout(back);
    proxy.pass();
    const ended = performance.now();
    const list = await until(server, (all) => all.every(({ source, latestDeployment }) => isNewest(source.repository, latestDeployment)));
    const settledSeconds = (performance.now() - ended) / 1000;
    const after = await besideBare(installation.database.url, deliveries, seconds);
    return {
      statuses: counted(answers.map(({ status }) => status)),
      outcomes: counted(answers.map(({ outcome }) => outcome ?? 'none')),
      untold: pushes - (await told(installation)),
      behind: list.filter(({ source, latestDeployment }) => !isNewest(source.repository, latestDeployment)).map(({ name, latestDeployment: { state, reason } }) => `${name} ${state} ${reason?.message ?? ''}`),
      settledSeconds,
      milliseconds: percentiles(answers.map(({ milliseconds }) => milliseconds)),
      bare: before.p99 > after.p99 ? before : after,
    };

    function isNewest(repository: string, { state, commit }: { state: string; commit: string }): boolean {
      return state === 'LIVE' && commit === newest[repositories.indexOf(repository)];
    }
  } finally {
    proxy.pass();
    await installation.remove();
    await proxy.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Server = Awaited<ReturnType<Installation['server']>>;

async function deployed(server: Server, name: string, repository: string): Promise<void> {
  const answer = await http(`${server.url}/api/deploy`, { token: server.token, json: { name, image: 'apex.local/hello', replicas: 0, source: { repository } } });
  if (answer.status !== 200) throw new Error(answer.text);
}

/** Each service's pushes are a chain; two that follow each other change places on the way now and then. */
function planned(repositories: string[], pushes: number): { deliveries: Delivery[]; newest: string[] } {
  const newest = repositories.map(newCommit);
  const deliveries = Array.from({ length: pushes }, (_, n) => {
    const service = n % repositories.length;
    const [before, after] = [newest[service]!, newCommit()];
    newest[service] = after;
    const payload = pushOf({ repository: repositories[service]!, before, after, pushedAt: 1_800_000_000 + n, modified: ['README.md'] });
    return { id: randomUUID(), service, body: JSON.stringify({ ...payload, padding: 'x'.repeat(Math.max(0, SIZE - JSON.stringify(payload).length)) }) };
  });
  for (let n = repositories.length; n < pushes; n += 7) [deliveries[n - repositories.length], deliveries[n]] = [deliveries[n]!, deliveries[n - repositories.length]!];
  return { deliveries, newest };
}

/** At an even pace, whether the answers keep up or not. */
async function sent(wish: SenderWish): Promise<SentDelivery[]> {
  const child = execFile(process.execPath, [join(import.meta.dirname, 'paced-sender.ts')], { maxBuffer: 64 * 1024 * 1024 });
  child.stderr!.pipe(process.stderr);
  let printed = '';
  child.stdout!.on('data', (text: string) => (printed += text));
  child.stdin!.end(JSON.stringify(wish));
  await once(child, 'close');
  return JSON.parse(printed) as SentDelivery[];
}

async function until(server: Server, what: (list: any[]) => boolean): Promise<any[]> {
  for (const end = Date.now() + SETTLE_SECONDS * 1000; ; ) {
    const { body: list } = await http(`${server.url}/api/services`, { token: server.token });
    if (what(list) || Date.now() > end) return list;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

async function told(installation: Installation): Promise<number> {
  const [row] = await installation.rows<{ count: string }>(
    `select count(*) from webhook_delivery delivery where (select count(*) from webhook_effect effect where effect.delivery_id = delivery.id and (effect.deployment_id is null) = (delivery.outcome = 'IGNORED')) = 1`,
  );
  return Number(row!.count);
}

/** The least that a server can do with a delivery, on the same database and at the same pace. */
async function besideBare(database: string, deliveries: Delivery[], seconds: number): Promise<Percentiles> {
  const bare = spawn(process.execPath, [join(import.meta.dirname, 'bare-receiver.ts')], { env: { ...process.env, DATABASE_URL: database, SECRET }, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [port] = (await once(bare.stdout, 'data')) as [Buffer];
    const answers = await sent({ url: `http://127.0.0.1:${port.toString().trim()}`, secret: SECRET, seconds, deliveries });
    if (answers.some(({ status }) => status !== 200)) throw new Error('The bare server refused');
    return percentiles(answers.map(({ milliseconds }) => milliseconds));
  } finally {
    const gone = once(bare, 'exit');
    bare.kill();
    await gone;
  }
}

function percentiles(values: number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): number => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]! * 10) / 10;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

const counted = <T extends string | number>(values: T[]): Record<T, number> =>
  Object.fromEntries([...Map.groupBy(values, (value) => value)].map(([value, of]) => [value, of.length])) as Record<T, number>;
