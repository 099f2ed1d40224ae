import { createHmac, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import pg from 'pg';
import { readCredentials } from '../../src/orchestrator/kubernetes/cluster-source.js';
import { theCluster } from '../orchestrator/cluster-installation.js';
import { TcpProxy } from '../orchestrator/tcp-proxy.js';
import { deliver, newCommit, pushOf, SECRET } from '../support/github.js';
import { http } from '../support/http.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

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

/** Many signed pushes to many services, while the cluster is away at first; and the same to a server that only checks and stores. */
export async function pushStorm({ services, pushes, seconds, awaySeconds }: StormWish): Promise<Storm> {
  const folder = mkdtempSync(join(tmpdir(), 'apex-storm-'));
  const kubeconfig = readCredentials(theCluster()).load();
  const api = new URL(kubeconfig.getCurrentCluster()!.server);
  const proxy = await TcpProxy.to(api.hostname, Number(api.port || 443));
  writeFileSync(join(folder, 'kubeconfig'), kubeconfig.exportConfig().replaceAll(api.origin, `https://127.0.0.1:${proxy.port}`), { mode: 0o600 });
  const server = await startTestServer({ cluster: true, env: { KUBECONFIG: join(folder, 'kubeconfig'), APEX_NODE_DIR: '', APEX_GITHUB_WEBHOOK_SECRET: SECRET } });
  try {
    const repositories = Array.from({ length: services }, (_, n) => `storm/${server.id}-${n}`);
    await Promise.all(repositories.map((repository, n) => deployed(server, `storm-${n}`, repository)));
    await until(server, (list) => list.every(({ latestDeployment }) => latestDeployment.state === 'LIVE'));

    const { deliveries, newest } = planned(repositories, pushes);
    const before = await besideBare(server, deliveries, seconds);
    proxy.refuse();
    const back = setTimeout(() => proxy.pass(), awaySeconds * 1000);
    const answers = await paced(deliveries, seconds, ({ id, body }) => deliver(server, { id, body }));
    clearTimeout(back);
    proxy.pass();
    const ended = performance.now();
    const list = await until(server, (all) => all.every(({ source, latestDeployment }) => isNewest(source.repository, latestDeployment)));
    const settledSeconds = (performance.now() - ended) / 1000;
    const after = await besideBare(server, deliveries, seconds);
    return {
      statuses: counted(answers.map(({ result }) => result.status)),
      outcomes: counted(answers.map(({ result }) => result.body?.outcome ?? 'none')),
      untold: pushes - (await told(server)),
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
    await server.stop();
    await proxy.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function deployed(server: TestServer, name: string, repository: string): Promise<void> {
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
async function paced<T>(deliveries: Delivery[], seconds: number, send: (delivery: Delivery) => Promise<T>): Promise<{ result: T; milliseconds: number }[]> {
  const begun = performance.now();
  return Promise.all(
    deliveries.map(async (delivery, n) => {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, begun + (n / deliveries.length) * seconds * 1000 - performance.now())));
      const sent = performance.now();
      const result = await send(delivery);
      return { result, milliseconds: performance.now() - sent };
    }),
  );
}

async function until(server: TestServer, what: (list: any[]) => boolean): Promise<any[]> {
  for (const end = Date.now() + SETTLE_SECONDS * 1000; ; ) {
    const { body: list } = await http(`${server.url}/api/services`, { token: server.token });
    if (what(list) || Date.now() > end) return list;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

async function told(server: TestServer): Promise<number> {
  const [row] = await server.database.orm.em.getConnection().execute<[{ count: string }]>(
    `select count(*) from webhook_delivery delivery where (select count(*) from webhook_effect effect where effect.delivery_id = delivery.id and (effect.deployment_id is null) = (delivery.outcome = 'IGNORED')) = 1`,
  );
  return Number(row.count);
}

/** The least that a server can do with a delivery, on the same database, in the same process and at the same pace. */
async function besideBare(server: TestServer, deliveries: Delivery[], seconds: number): Promise<Percentiles> {
  const pool = new pg.Pool({ connectionString: server.database.url, max: 20 });
  await pool.query('drop table if exists bare_delivery; create table bare_delivery (id text primary key, body bytea not null)');
  const app = express();
  app.post('/api/webhooks/github', express.raw({ type: () => true, limit: '25mb' }), async (req, res) => {
    const signature = `sha256=${createHmac('sha256', SECRET).update(req.body as Buffer).digest('hex')}`;
    if (signature !== req.get('x-hub-signature-256')) return void res.status(401).end();
    await pool.query('insert into bare_delivery (id, body) values ($1, $2) on conflict do nothing', [req.get('x-github-delivery'), req.body]);
    res.json({ deliveryId: req.get('x-github-delivery') });
  });
  const listening = await new Promise<Server>((resolve) => {
    const it = app.listen(0, '127.0.0.1', () => resolve(it));
  });
  try {
    const url = `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
    const answers = await paced(deliveries, seconds, ({ id, body }) => deliver({ url }, { id, body }));
    if (answers.some(({ result }) => result.status !== 200)) throw new Error('The bare server refused');
    return percentiles(answers.map(({ milliseconds }) => milliseconds));
  } finally {
    listening.closeAllConnections();
    await new Promise((resolve) => listening.close(resolve));
    await pool.end();
  }
}

function percentiles(values: number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): number => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]! * 10) / 10;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

const counted = <T extends string | number>(values: T[]): Record<T, number> =>
  Object.fromEntries([...Map.groupBy(values, (value) => value)].map(([value, of]) => [value, of.length])) as Record<T, number>;
