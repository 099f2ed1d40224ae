import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readCredentials } from '../../src/orchestrator/kubernetes/cluster-source.js';
import { ClusterInstallation, theCluster, type SeenService } from '../orchestrator/cluster-installation.js';
import { ApiProxy, type Fault } from './api-proxy.js';

let folder: string;
let proxy: ApiProxy;
let installation: ClusterInstallation;
let web: string;
const ended = ({ latestDeployment: { state } }: SeenService): boolean => ['LIVE', 'FAILED', 'CANCELED', 'SUPERSEDED'].includes(state);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'apex-kube-api-'));
  proxy = await ApiProxy.before(readCredentials(theCluster()).load());
  writeFileSync(join(folder, 'kubeconfig'), proxy.kubeconfig, { mode: 0o600 });
  installation = await ClusterInstallation.start({ KUBECONFIG: join(folder, 'kubeconfig') });
  web = await installation.deploy({ name: 'web', image: 'apex.local/hello', containerPort: 8080, env: { COUNT: '0' } });
  await installation.until(web, ({ status }) => status === 'RUNNING');
});
afterAll(async () => {
  proxy.fault = () => null;
  await installation.stop();
  await proxy.close();
  rmSync(folder, { recursive: true });
});

const every = (fault: Fault) => () => fault;
let changes = 0;

test.each<[string, () => Fault, number]>([
  ['answers 500', every({ status: 500 }), 2],
  ['answers 429 with Retry-After', every({ status: 429, headers: { 'retry-after': '1' } }), 2],
  ['answers 409', every({ status: 409 }), 2],
  ['answers 410', every({ status: 410 }), 2],
  ['hangs', every('hang'), 1],
  ['is late by 5 s', every({ delayMs: 5_000 }), 2],
])('while the API server %s a deploy waits, and then comes right, once', async (_, fault, strikes) => {
  proxy.struck = 0;
  proxy.fault = fault;
  changes += 1;
  await installation.graphql('mutation ($id: ID!, $input: UpdateServiceInput!) { updateService(id: $id, input: $input) { id } }', { id: web, input: { env: { COUNT: String(changes) } } });
  await installation.eventually(async () => proxy.struck, (struck) => struck >= strikes, 30);
  expect((await installation.service(web)).latestDeployment.state).not.toBe('FAILED');
  proxy.fault = () => null;
  const service = await installation.until(web, (seen) => ended(seen) && seen.status === 'RUNNING', 60);
  expect(service.latestDeployment).toMatchObject({ state: 'LIVE', release: changes + 1 });
  const [deployment, ...more] = await installation.objects('Deployment');
  expect(more).toEqual([]);
  expect(deployment!.metadata.labels?.['apexpaas.com/deployment']).toBe(service.latestDeployment.id);
}, 120_000);
