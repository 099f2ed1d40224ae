import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readCredentials } from '../../src/orchestrator/kubernetes/cluster-source.js';
import { LABELS } from '../../src/orchestrator/kubernetes/labels.js';
import { ClusterInstallation, theCluster, type SeenService } from '../orchestrator/cluster-installation.js';
import { ApiProxy, type Fault } from './api-proxy.js';

/** Each fault meets the calls of one service alone, so that all are tried at once. */
const FAULTS: [name: string, sentence: string, fault: Fault, strikes: number][] = [
  ['error-500', 'answers 500', { status: 500 }, 2],
  ['busy-429', 'answers 429 with Retry-After', { status: 429, headers: { 'retry-after': '1' } }, 2],
  ['conflict-409', 'answers 409', { status: 409 }, 2],
  ['gone-410', 'answers 410', { status: 410 }, 2],
  ['hangs', 'hangs', 'hang', 1],
  ['late', 'is late by 5 s', { delayMs: 5_000 }, 2],
];
/** Ends at once when it is asked to. */
const SLEEPS = ['sh', '-c', 'trap "exit 0" TERM; sleep 3600 & wait'];

let folder: string;
let proxy: ApiProxy;
let installation: ClusterInstallation;
const struck = new Map<string, number>();
const faults = new Map<string, { marks: string[]; fault: Fault }>();
const ids = new Map<string, string>();
const ended = ({ latestDeployment: { state } }: SeenService): boolean => ['LIVE', 'FAILED', 'CANCELED', 'SUPERSEDED'].includes(state);

function faultOf({ url = '' }: IncomingMessage): Fault {
  for (const [name, { marks, fault }] of faults) {
    if (!marks.some((mark) => url.includes(mark))) continue;
    struck.set(name, (struck.get(name) ?? 0) + 1);
    return fault;
  }
  return null;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'apex-kube-api-'));
  proxy = await ApiProxy.before(readCredentials(theCluster()).load());
  proxy.fault = faultOf;
  writeFileSync(join(folder, 'kubeconfig'), proxy.kubeconfig, { mode: 0o600 });
  installation = await ClusterInstallation.start({ KUBECONFIG: join(folder, 'kubeconfig') });
  await Promise.all(FAULTS.map(async ([name]) => ids.set(name, await installation.deploy({ name, image: 'busybox', command: SLEEPS, env: { COUNT: '0' } }))));
  for (const id of ids.values()) await installation.until(id, ({ status }) => status === 'RUNNING', 90);
}, 120_000);
afterAll(async () => {
  faults.clear();
  await installation.stop();
  await proxy.close();
  rmSync(folder, { recursive: true });
});

test.concurrent.each(FAULTS)('%s: while the API server %s a deploy waits, and then comes right, once', async (name, _, fault, strikes) => {
  const id = ids.get(name)!;
  faults.set(name, { marks: [id, `/${name}`], fault });
  await installation.graphql('mutation ($id: ID!, $input: UpdateServiceInput!) { updateService(id: $id, input: $input) { id } }', { id, input: { env: { COUNT: '1' } } });
  await installation.eventually(async () => struck.get(name) ?? 0, (count) => count >= strikes, 60);
  expect((await installation.service(id)).latestDeployment.state).not.toBe('FAILED');
  faults.delete(name);
  const service = await installation.until(id, (seen) => ended(seen) && seen.status === 'RUNNING', 90);
  expect(service.latestDeployment).toMatchObject({ state: 'LIVE', release: 2 });
  const [deployment, ...more] = (await installation.objects('Deployment')).filter(({ metadata }) => metadata.labels?.[LABELS.service] === id);
  expect(more).toEqual([]);
  expect(deployment!.metadata.labels?.[LABELS.deployment]).toBe(service.latestDeployment.id);
}, 180_000);

const deploymentsOf = (id: string) => installation.direct.list('Deployment', `${LABELS.service}=${id}`).then(({ items }) => items);

test('watches that stay open and say nothing are noticed: what is deleted by hand meanwhile is put back within 60 s', async () => {
  const id = ids.get('late')!;
  await installation.idle();
  const [before] = await deploymentsOf(id);
  expect(proxy.silenceWatches()).toBeGreaterThan(0);
  await installation.direct.remove(before!);
  await installation.eventually(() => deploymentsOf(id), ([again]) => again !== undefined && again.metadata.uid !== before!.metadata.uid, 60);
}, 120_000);

test('a creation that reaches the cluster after its service was deleted is taken back within 60 s', async () => {
  const release = Promise.withResolvers<void>();
  const passed: number[] = [];
  faults.set('stale', { marks: ['/deployments/stale'], fault: { until: release.promise, passed: (status) => void passed.push(status) } });
  const id = await installation.deploy({ name: 'stale', image: 'busybox', command: SLEEPS });
  await installation.eventually(async () => struck.get('stale') ?? 0, (count) => count > 0, 60);
  await installation.graphql('mutation ($id: ID!) { deleteService(id: $id) { id } }', { id });
  const rows = () => installation.database.orm.em.fork().execute('select 1 from service where id = ?', [id]);
  await installation.eventually(rows, (left) => left.length === 0, 60);
  expect(await deploymentsOf(id)).toEqual([]);

  release.resolve();
  await installation.eventually(async () => passed, (statuses) => statuses.includes(201), 30);
  await installation.eventually(async () => [...(await deploymentsOf(id)), ...(await installation.pods(id))], (left) => left.length === 0, 60);
}, 180_000);

test('a log that the cluster does not give is told as that, and not as an error of ours', async () => {
  const id = ids.get('late')!;
  faults.set('log', { marks: ['/log?'], fault: { status: 500 } });
  const asked = installation.graphql('query ($id: ID!) { serviceLogs(serviceId: $id, tail: 5) { lines { message } } }', { id });
  const [error] = await asked.then(() => [], (thrown: Error) => JSON.parse(thrown.message));
  faults.delete('log');
  expect(error).toMatchObject({ message: 'The cluster does not give the log at the moment. Ask again.', extensions: { code: 'UNAVAILABLE', retryAfterSeconds: 5 } });
}, 60_000);

test('a server that has lost its lease makes nothing any more: neither the environment nor the database in it', async () => {
  const { createEnvironment: environment } = await installation.graphql<any>('mutation { createEnvironment(input: { name: "lost" }) { id } }', {});
  const sql = <Row>(text: string, values: unknown[]): Promise<Row[]> => installation.database.orm.em.fork().execute<Row[]>(text, values);
  const [{ namespace }] = (await sql<{ namespace: string }>('select namespace from environment where id = ?', [environment.id])) as [{ namespace: string }];
  const namespaces = () => installation.direct.list('Namespace', `${LABELS.environment}=${environment.id}`).then(({ items }) => items.length);
  const calls: string[] = [];
  proxy.fault = (req) => {
    if (!req.url?.includes(namespace)) return faultOf(req);
    calls.push(req.method!);
    return calls.length === 1 ? { delayMs: 2_000 } : null;
  };
  const { createDatabase: database } = await installation.graphql<any>('mutation { createDatabase(input: { name: "lost", type: "redis", size: "small", environment: "lost" }) { id } }', {});
  const key = `database/${database.id}`;
  await installation.eventually(async () => calls.length, (count) => count > 0, 60);
  await sql(`update lease set holder = gen_random_uuid(), fence = fence + 1, expires_at = now() + interval '1 hour' where key = ? returning 1`, [key]);
  const active = () => sql(`select 1 from pgboss.job where name = 'reconcile' and state = 'active' and data->>'key' = ?`, [key]);
  await installation.eventually(active, (jobs) => jobs.length === 0, 60);
  expect([calls, await namespaces()]).toEqual([['GET'], 0]);

  await sql('update lease set expires_at = now() where key = ? returning 1', [key]);
  await installation.eventually(namespaces, (count) => count === 1, 60);
}, 180_000);
