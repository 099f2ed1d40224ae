import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readCredentials } from '../../src/orchestrator/kubernetes/cluster-source.js';
import { ClusterInstallation, theCluster } from './cluster-installation.js';
import { TcpProxy } from './tcp-proxy.js';

let folder: string;
let proxy: TcpProxy;
let installation: ClusterInstallation;
let id: string;

/** The real API server, reached through a proxy that can cut the line. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'apex-cluster-away-'));
  const kubeconfig = readCredentials(theCluster()).load();
  const server = new URL(kubeconfig.getCurrentCluster()!.server);
  proxy = await TcpProxy.to(server.hostname, Number(server.port || 443));
  const proxied = kubeconfig.exportConfig().replaceAll(server.origin, `https://127.0.0.1:${proxy.port}`);
  writeFileSync(join(folder, 'kubeconfig'), proxied, { mode: 0o600 });
  installation = await ClusterInstallation.start({ KUBECONFIG: join(folder, 'kubeconfig') });
  id = await installation.deploy({ name: 'web', image: 'apex.local/hello', containerPort: 8080, replicas: 1 });
  await installation.until(id, ({ status }) => status === 'RUNNING');
});
afterAll(async () => {
  proxy.pass();
  await installation.stop();
  await proxy.close();
  rmSync(folder, { recursive: true });
});

const kind = (): string => installation.orchestrator.cluster().kind;
const deployments = () => installation.direct.list('Deployment', `apexpaas.com/service=${id}`).then(({ items }) => items);

test('a watch that is cut begins again and what happened meanwhile is seen', async () => {
  proxy.cut();
  const [before] = await deployments();
  await installation.direct.remove(before!);
  await installation.eventually(deployments, ([again]) => again !== undefined && again.metadata.uid !== before!.metadata.uid);
});

test('a cluster that refuses is told as unreachable, writes are refused, and when it is back everything is put right with no restart', async () => {
  await installation.until(id, ({ status }) => status === 'RUNNING');
  proxy.refuse();
  await installation.eventually(async () => kind(), (state) => state === 'unreachable');
  await expect(installation.deploy({ name: 'other', image: 'apex.local/hello' })).rejects.toThrow('CLUSTER_REQUIRED');
  const [before] = await deployments();
  await installation.direct.remove(before!);
  proxy.pass();
  await installation.eventually(async () => kind(), (state) => state === 'ready');
  await installation.eventually(deployments, ([again]) => again !== undefined && again.metadata.uid !== before!.metadata.uid);
  await installation.until(id, ({ status }) => status === 'RUNNING');
}, 90_000);

test('a cluster that hangs is told as unreachable, and is used again when it answers', async () => {
  proxy.hang();
  await installation.eventually(async () => kind(), (state) => state === 'unreachable', 30);
  proxy.pass();
  await installation.eventually(async () => kind(), (state) => state === 'ready');
  await installation.graphql('mutation ($id: ID!) { redeployService(id: $id) { id } }', { id });
  await installation.until(id, ({ status, latestDeployment }) => status === 'RUNNING' && latestDeployment.state === 'LIVE');
}, 90_000);
