import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { PodObject } from '../../src/orchestrator/service/observed.js';
import { ClusterInstallation } from './cluster-installation.js';

let installation: ClusterInstallation;
const services: string[] = [];
beforeAll(async () => {
  installation = await ClusterInstallation.start();
  await installation.graphql('mutation { createEnvironment(input: { name: "other" }) { id } }');
  const [own, other] = await Promise.all(
    ['production', 'other'].map((environment) => installation.deploy({ name: 'web', image: 'apex.local/hello', containerPort: 8080, public: true, environment })),
  );
  services.push(own!, other!);
  for (const id of services) await installation.until(id, ({ status }) => status === 'RUNNING');
});
afterAll(() => installation.stop());

const podOf = async (serviceId: string): Promise<PodObject & { status: { podIP: string } }> => (await installation.pods(serviceId))[0] as never;

/** This machine's own address, where it has one beside the node's. */
const machine = Object.values(networkInterfaces()).flatMap((list) => list ?? []).find(({ family, internal, address }) => family === 'IPv4' && !internal && !address.startsWith('10.244.'))?.address;

test('a pod reaches its own environment by name, and neither another one, nor the node, the API server or the metadata address', async () => {
  const [own, other] = await Promise.all([podOf(services[0]!), podOf(services[1]!)]);
  const service = await installation.kube.get<{ spec: { clusterIP: string } }>('Service', 'web', own.metadata.namespace);
  const foreign = await installation.kube.get<{ spec: { clusterIP: string } }>('Service', 'web', other.metadata.namespace);
  const open = { service: `${service.spec.clusterIP} 80`, port: `${service.spec.clusterIP} 8080`, pod: `${own.status.podIP} 8080` };
  const closed = {
    foreign: `${other.status.podIP} 8080`, foreignService: `${foreign.spec.clusterIP} 80`, kubelet: '10.244.0.1 10250', api: '10.96.0.1 443',
    apiOnNode: '10.244.0.1 6443', ingress: '10.244.0.1 8080', metadata: '169.254.169.254 80', ...(machine ? { machine: `${machine} 8080` } : {}),
  };
  const tries = Object.entries({ ...open, ...closed }).map(([name, target]) => `nc -w 2 ${target} </dev/null >/dev/null 2>&1 && echo open ${name} || echo closed ${name}`);
  const named = `nslookup web 2>/dev/null | grep -q ${service.spec.clusterIP} && echo named || echo nameless`;
  const id = await installation.deploy({ name: 'prober', image: 'busybox', command: ['sh', '-c', [...tries, named, 'echo end', 'sleep 3600'].join('; ')] });
  const [prober] = await installation.eventually(() => installation.pods(id), (pods) => pods.length > 0);
  const source = { serviceId: id, namespace: prober!.metadata.namespace! };
  const told = async (): Promise<string[]> => (await installation.orchestrator.history(source, {}, {}, new AbortController().signal)).lines.map(({ message }) => message);
  const lines = await installation.eventually(told, (messages) => messages.includes('end'), 60);
  expect(lines).toEqual([...Object.keys(open).map((name) => `open ${name}`), ...Object.keys(closed).map((name) => `closed ${name}`), 'named', 'end']);
}, 120_000);

test('a pod that asks for more than the baseline is refused by the cluster itself', async () => {
  const namespace = (await installation.pods(services[0]!))[0]!.metadata.namespace!;
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'evil' }, spec: { hostNetwork: true, containers: [{ name: 'a', image: 'busybox' }] } };
  await expect(installation.direct.call('POST', `/api/v1/namespaces/${namespace}/pods`, 'Pod', { body: pod })).rejects.toThrow('violates PodSecurity');
});

test('a deleted environment takes its namespace with it', async () => {
  await installation.graphql('mutation ($id: ID!) { deleteService(id: $id) { id } }', { id: services[1] });
  const { environments } = await installation.graphql<{ environments: { id: string; name: string }[] }>('{ environments { id name } }');
  const { id } = environments.find(({ name }) => name === 'other')!;
  await installation.graphql('mutation ($id: ID!) { deleteEnvironment(id: $id) { id } }', { id });
  await installation.eventually(() => installation.objects('Namespace'), (namespaces) => namespaces.every(({ metadata }) => metadata.labels?.['apexpaas.com/environment'] !== id), 90);
  const rows = async (): Promise<number> => (await installation.database.orm.em.fork().execute<unknown[]>('select 1 from environment where id = ?', [id])).length;
  await installation.eventually(rows, (count) => count === 0);
}, 120_000);
