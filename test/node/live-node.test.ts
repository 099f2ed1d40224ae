import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeInfo } from '../../src/node/bring-up.js';
import { bringUp, domainFor, registerUser, release, status, users } from '../../src/node/embedded-node.js';
import { seedImages } from '../../src/node/images.js';
import { tryCommand } from '../../src/node/run-command.js';
import { runningSupervisor } from '../../src/node/supervisor.js';
import { CACHE, eventually, LiveNamespace, paths, viaIngress } from './live-cluster.js';

const BUILD_MS = 20 * 60_000;
const HELLO = 'apex.local/hello:latest';
const space = new LiveNamespace();
const other = new LiveNamespace();
let home: string;
let node: NodeInfo;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'apex-live-'));
  node = await bringUp({ home, cacheDir: CACHE, pid: process.pid });
  await seedImages({ cacheDir: CACHE });
  await Promise.all([space.create(), other.create()]);
}, BUILD_MS);

afterAll(async () => {
  await Promise.all([space.remove(), other.remove()]);
  rmSync(join(paths.domains, domainFor(home)), { force: true });
  rmSync(home, { recursive: true, force: true });
});

describe('a node that is up', () => {
  test('says so, and a further bring-up leaves everything running as it was', async () => {
    expect(await status()).toMatchObject({ state: 'ready', percent: 100, ingressPort: node.ingressPort, registry: node.registry });
    const before = readFileSync(paths.processStatus, 'utf8');
    const seen: string[] = [];
    const again = await bringUp({ home, cacheDir: CACHE, pid: process.pid, onProgress: ({ state }) => seen.push(state) });
    expect(again).toEqual(node);
    expect(new Set(seen)).toEqual(new Set(['ready']));
    expect(readFileSync(paths.processStatus, 'utf8')).toBe(before);
    expect(users().filter((user) => user.home === home)).toHaveLength(1);
  });

  test('two bring-ups at once share one effort', async () => {
    const before = runningSupervisor(paths);
    const both = await Promise.all([0, 1].map(() => bringUp({ home, cacheDir: CACHE, pid: process.pid })));
    expect(both).toEqual([node, node]);
    expect(runningSupervisor(paths)).toEqual(before);
  });

  test('one home’s release leaves the node to the others', async () => {
    const second = spawn('sleep', ['600']);
    registerUser({ home: '/second', pid: second.pid! });
    expect(users().map((user) => user.home)).toEqual(expect.arrayContaining(['/second', home]));
    expect(await release({ home: '/second', pid: second.pid! })).toBe(false);
    expect(users().map((user) => user.home)).not.toContain('/second');
    second.kill();
    expect(await status()).toMatchObject({ state: 'ready' });
  });

  test('the sample runs and is served at its host through the ingress; an unknown host is a 404', async () => {
    await space.run('create', 'deployment', 'hello', `--image=${HELLO}`, '--replicas=2');
    await space.run('expose', 'deployment', 'hello', '--port=80', '--target-port=8080');
    const host = `${space.name}.${node.domain}`;
    await space.run('create', 'ingress', 'hello', `--rule=${host}/*=hello:80`);
    await space.run('rollout', 'status', 'deployment/hello', '--timeout=80s');
    const answer = await eventually(() => viaIngress(node.ingressPort, host), ({ status: code }) => code === 200);
    expect(answer).toMatchObject({ status: 200, body: expect.stringContaining('Hello from hello-') });
    expect((await viaIngress(node.ingressPort, `nobody-${host}`)).status).toBe(404);
    expect(await space.run('get', 'ingress', 'hello', '-o', 'jsonpath={.status.loadBalancer.ingress[0].ip}')).toBe('127.0.0.1');
    const logs = await eventually(() => space.run('logs', '--selector=app=hello', '--tail=100'), (text) => text.includes('GET "/" 200'));
    expect(logs).toContain('GET "/" 200');
  }, 120_000);

  test('nginx:alpine serves its page on port 80 and logs requests, as the public image does', async () => {
    await space.pods({ name: 'nginx', image: 'nginx:alpine' });
    expect(await space.run('exec', 'nginx', '--', 'wget', '-qO-', 'http://127.0.0.1/')).toContain('<h1>Welcome to nginx!</h1>');
    expect(await eventually(() => space.run('logs', 'nginx'), (text) => text.includes('"GET / HTTP'))).toMatch(/^127\.0\.0\.1 - - \[.*\] "GET \/ HTTP\/1\.1" 200 /m);
  }, 120_000);
});

describe('pods on the node', () => {
  beforeAll(async () => {
    const sleeper = { name: 'client', image: 'busybox:latest', args: ['sleep', '86400'] };
    await Promise.all([space.pods(sleeper, { name: 'web', image: HELLO }), other.pods(sleeper)]);
    await space.run('expose', 'pod', 'web', '--port=80', '--target-port=8080');
  }, 120_000);

  test('find services by name, in their own namespace and in others', async () => {
    expect(await eventually(() => space.shell('client', 'timeout 2 wget -qO- http://web/'), Boolean)).toBe(true);
    expect(await eventually(() => other.shell('client', `timeout 2 wget -qO- http://web.${space.name}/`), Boolean)).toBe(true);
  }, 60_000);

  test('a policy holds: towards other namespaces, the machine and the API server', async () => {
    const web = await space.address('web');
    const reach = (from: LiveNamespace, host: string, port: number) => from.shell('client', `timeout 2 nc -w 2 ${host} ${port} -e true`);
    expect(await eventually(() => reach(other, web, 8080), (open) => open)).toBe(true);
    expect(await eventually(() => reach(space, '10.96.0.1', 443), (open) => open)).toBe(true);

    await space.apply({
      apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'closed' },
      spec: {
        podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{ from: [{ podSelector: {} }] }],
        egress: [
          { to: [{ podSelector: {} }] },
          { to: [{ ipBlock: { cidr: '10.244.0.1/32' } }], ports: [{ protocol: 'UDP', port: 53 }, { protocol: 'TCP', port: 53 }] },
        ],
      },
    });
    expect(await eventually(() => reach(other, web, 8080), (open) => !open)).toBe(false);
    expect(await eventually(() => reach(space, '10.96.0.1', 443), (open) => !open)).toBe(false);
    expect(await reach(space, '10.244.0.1', 6443)).toBe(false);
    expect(await eventually(() => space.shell('client', 'timeout 2 wget -qO- http://web/'), (answered) => answered)).toBe(true);
    // The ingress is the way in from outside, whatever a policy says of other pods.
    expect((await viaIngress(8080, 'unused', '/', web)).status).toBe(200);
  }, 120_000);

  test('a policy holds from a pod’s first instant, before the firewall has heard of it', async () => {
    const attempt = 'timeout 1 nc -w 1 10.244.0.1 6443 -e true && echo open; timeout 1 nc -w 1 10.96.0.1 443 -e true && echo open; echo tried; sleep 86400';
    await space.pods({ name: 'hasty', image: 'busybox:latest', args: ['sh', '-c', attempt] });
    expect(await eventually(() => space.run('logs', 'hasty'), (text) => text.includes('tried'))).not.toMatch(/^open$/m);
  }, 60_000);

  test('without any policy, a pod still reaches neither the registry, nor etcd, nor the kubelet, nor another port of the machine', async () => {
    const machine = (await tryCommand('hostname', ['-I'])).stdout.trim().split(' ')[0]!;
    const doors = [Number(node.registry.split(':')[1]), 2379, 2019, 10250, 30000].flatMap((port) => ['10.244.0.1', machine].map((host) => `${host} ${port}`));
    const tries = doors.map((door) => `(timeout 2 nc -w 2 ${door} -e true && echo open ${door}) &`).join(' ');
    expect(await other.run('exec', 'client', '--', 'sh', '-c', `${tries} wait`)).toBe('');
  }, 60_000);

  test('a volume keeps its data and holds its size', async () => {
    await space.apply({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '64Mi' } } } });
    const pod = { name: 'disk', image: 'busybox:latest', args: ['sleep', '86400'], claim: 'data' };
    await space.pods(pod);
    expect(await space.shell('disk', 'echo kept > /data/file && sync')).toBe(true);
    expect(await space.shell('disk', 'dd if=/dev/zero of=/data/big bs=1M count=100')).toBe(false);
    await space.run('delete', 'pod', 'disk', '--wait');
    await space.pods(pod);
    expect(await space.run('exec', 'disk', '--', 'cat', '/data/file')).toBe('kept\n');
  }, 120_000);
});

describe('what is closed', () => {
  test("the registry, to whoever is on the machine and has no token of the node's", async () => {
    const status = async (path: string, method = 'GET'): Promise<number> => (await fetch(`http://${node.registry}/v2/${path}`, { method })).status;
    expect([await status(''), await status('_catalog'), await status('hello/tags/list'), await status('hello/manifests/latest'), await status('hello/blobs/uploads/', 'POST'), await status('hello/manifests/latest', 'PUT')]).toEqual([401, 401, 401, 401, 401, 401]);
  });

  test('a Secret cannot be found in etcd’s files', async () => {
    const canary = `canary-${space.name}`;
    await space.run('create', 'configmap', 'plain', `--from-literal=word=plain-${canary}`);
    await space.run('create', 'secret', 'generic', 'sealed', `--from-literal=word=sealed-${canary}`);
    const everything = filesBelow(paths.etcd).map((path) => readFileSync(path)).map((content) => content.toString('latin1')).join('');
    expect(everything).toContain(`plain-${canary}`);
    expect(everything).not.toContain(`sealed-${canary}`);
    expect(everything).not.toContain(Buffer.from(`sealed-${canary}`).toString('base64'));
  });

  test('another machine reaches the ingress, but not the API server, the kubelet or a pod', async () => {
    const name = `apxt${process.pid % 10_000}`;
    const web = await space.address('web');
    const ip = (...args: string[]) => tryCommand('ip', args);
    try {
      await ip('netns', 'add', name);
      await ip('link', 'add', `${name}h`, 'type', 'veth', 'peer', 'name', `${name}g`, 'netns', name);
      await ip('address', 'add', '198.51.100.1/30', 'dev', `${name}h`);
      await ip('link', 'set', `${name}h`, 'up');
      for (const args of [['address', 'add', '198.51.100.2/30', 'dev', `${name}g`], ['link', 'set', `${name}g`, 'up'], ['route', 'add', 'default', 'via', '198.51.100.1']]) await ip('-n', name, ...args);
      const reach = async (host: string, port: number) =>
        (await ip('netns', 'exec', name, 'timeout', '1', 'bash', '-c', `exec 3<>/dev/tcp/${host}/${port}`)).code === 0;
      expect(await reach('198.51.100.1', node.ingressPort)).toBe(true);
      expect(await reach('198.51.100.1', 6443)).toBe(false);
      expect(await reach('10.244.0.1', 6443)).toBe(false);
      expect(await reach('10.244.0.1', 10250)).toBe(false);
      expect(await reach(web, 8080)).toBe(false);
    } finally {
      await ip('link', 'delete', `${name}h`);
      await ip('netns', 'delete', name);
    }
  }, 60_000);
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
