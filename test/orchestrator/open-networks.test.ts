import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loadConfig } from '../../src/config.js';
import { ClusterInstallation } from './cluster-installation.js';

const run = promisify(execFile);

/** A host of a private network beside the node: a network namespace with an address of its own. */
const name = `apexlan${process.pid}`;
const link = `lan${randomInt(1e6)}`;
const [gateway, host] = ['192.168.213.1', '192.168.213.2'];
const NETWORK = '192.168.213.0/24';
const PORT = 5432;
let server: ChildProcess;
let [shut, opened]: ClusterInstallation[] = [];

beforeAll(async () => {
  await run('ip', ['netns', 'add', name]);
  await run('ip', ['link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name]);
  await run('ip', ['address', 'add', `${gateway}/24`, 'dev', link]);
  await run('ip', ['link', 'set', link, 'up']);
  await run('ip', ['-n', name, 'address', 'add', `${host}/24`, 'dev', 'eth0']);
  await run('ip', ['-n', name, 'link', 'set', 'eth0', 'up']);
  await run('ip', ['-n', name, 'route', 'add', 'default', 'via', gateway]);
  server = spawn('ip', ['netns', 'exec', name, process.execPath, '-e', `require('net').createServer((s) => s.end('here')).listen(${PORT}, () => console.log('listening'))`], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => server.stdout!.once('data', resolve));
  [shut, opened] = await Promise.all([ClusterInstallation.start(), ClusterInstallation.start({ APEX_OPEN_NETWORKS: NETWORK })]);
});
afterAll(async () => {
  server?.kill();
  await Promise.all([shut?.stop(), opened?.stop()]);
  await run('ip', ['netns', 'delete', name]);
});

/** What a service of the installation gets from each target. */
async function reached(installation: ClusterInstallation, targets: string[]): Promise<string[]> {
  const tries = targets.map((target) => `nc -w 3 ${target} </dev/null >/dev/null 2>&1 && echo open ${target} || echo closed ${target}`);
  const id = await installation.deploy({ name: 'prober', image: 'busybox', command: ['sh', '-c', [...tries, 'echo end', 'sleep 3600'].join('; ')] });
  const [pod] = await installation.eventually(() => installation.pods(id), (pods) => pods.length > 0);
  const source = { serviceId: id, namespace: pod!.metadata.namespace! };
  const told = async (): Promise<string[]> => (await installation.orchestrator.history(source, {}, {}, new AbortController().signal)).lines.map(({ message }) => message);
  const lines = await installation.eventually(told, (messages) => messages.includes('end'), 60);
  return lines.filter((line) => line !== 'end');
}

test('a private network is closed to services until the operator opens it, and the node\'s own address in it stays closed', async () => {
  const targets = [`${host} ${PORT}`, `${gateway} 8080`, '10.96.0.1 443'];
  expect(await Promise.all([shut!, opened!].map((installation) => reached(installation, targets)))).toEqual([
    targets.map((target) => `closed ${target}`),
    [`open ${targets[0]}`, `closed ${targets[1]}`, `closed ${targets[2]}`],
  ]);
}, 120_000);

test.each(['8.8.8.0/24', '10.0.0.0', '127.0.0.0/8', '169.254.0.0/16', '192.168.0.0/8', '10.0.0.0/33', 'lan'])('%s is refused as a network to open', (network) => {
  const needed = { DATABASE_URL: 'postgres://x', APEX_SECRET_KEY: Buffer.alloc(32).toString('base64') };
  expect(() => loadConfig({ ...needed, APEX_OPEN_NETWORKS: `192.168.1.0/24,${network}` })).toThrow(/APEX_OPEN_NETWORKS.*must be private IPv4 networks/);
});
