import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bringUp, status, takeDown } from '../../src/node/embedded-node.js';
import { tryCommand } from '../../src/node/run-command.js';
import { runningSupervisor } from '../../src/node/supervisor.js';
import { leftovers } from '../../src/node/take-down.js';
import { CACHE, eventually, LiveNamespace, paths, viaIngress } from './live-cluster.js';

// These stop the node that all other test files share, so this file is not named .test.ts: the soak runs it alone.
describe('a node that is stopped, or killed', () => {
  const space = new LiveNamespace();
  let home: string;
  const up = () => bringUp({ home, cacheDir: CACHE, pid: process.pid });

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'apex-down-'));
    await up();
    await space.create();
  }, 20 * 60_000);
  afterAll(async () => {
    await up();
    await space.remove();
    rmSync(home, { recursive: true, force: true });
  }, 120_000);

  test('leaves nothing behind, starts in under 30 s, and its pods and their data come back', async () => {
    await takeDown({ force: true });
    const bare = await snapshot();
    const { ingressPort } = await up();
    await space.apply({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '64Mi' } } } });
    await space.pods({ name: 'web', image: 'apex.local/hello:latest' }, { name: 'disk', image: 'busybox:latest', args: ['sleep', '86400'], claim: 'data' });
    await space.run('expose', 'pod', 'web', '--port=80', '--target-port=8080');
    await space.run('create', 'ingress', 'web', `--rule=${space.name}.apex.localhost/*=web:80`);
    await space.run('exec', 'disk', '--', 'sh', '-c', 'echo kept > /data/file && sync');

    await takeDown({ force: true });
    expect(await leftovers(paths)).toEqual([]);
    expect(await snapshot()).toEqual(bare);
    expect(await status()).toMatchObject({ state: 'stopped' });

    const started = Date.now();
    await up();
    expect(Date.now() - started).toBeLessThan(30_000);
    const answer = await eventually(() => viaIngress(ingressPort, `${space.name}.apex.localhost`), ({ status: code }) => code === 200, 60_000);
    expect(answer.status).toBe(200);
    expect(await eventually(() => space.run('exec', 'disk', '--', 'cat', '/data/file').catch(String), (text) => text === 'kept\n', 60_000)).toBe('kept\n');
  }, 300_000);

  test('a killed supervisor and its programs are taken over by the next bring-up, while containers go on', async () => {
    const started = await space.run('get', 'pod', 'web', '-o', 'jsonpath={.status.containerStatuses[0].containerID}');
    process.kill(runningSupervisor(paths)!.pid, 'SIGKILL');
    expect(await eventually(status, ({ state }) => state === 'stopped')).toMatchObject({ state: 'stopped', message: expect.stringContaining('./apex up') });
    await up();
    expect(await status()).toMatchObject({ state: 'ready' });
    expect(await space.run('get', 'pod', 'web', '-o', 'jsonpath={.status.containerStatuses[0].containerID}')).toBe(started);
  }, 120_000);
});

/** What a stopped node must not have changed: mounts, interfaces, rules, sets, devices, name spaces and kernel settings. */
async function snapshot(): Promise<Record<string, string>> {
  const output = async (command: string, ...args: string[]) => (await tryCommand(command, args)).stdout.replace(/\[\d+:\d+\]|^#.*$|packets \d+ bytes \d+/gm, '');
  return {
    mounts: readFileSync('/proc/self/mountinfo', 'utf8').split('\n').map((line) => line.split(' ')[4]).sort().join('\n'),
    links: (await output('ip', '-o', 'link')).replace(/^(\d+: )?(\S+): .*$/gm, '$2'),
    networks: await output('ip', 'netns'),
    rules: await output('nft', 'list', 'ruleset'),
    iptables: await output('iptables-save'),
    sets: await output('ipset', 'list', '-name'),
    loops: await output('losetup', '--list', '--noheadings'),
    settings: ['net/ipv4/ip_forward', 'kernel/panic', 'kernel/panic_on_oops', 'vm/overcommit_memory'].map((name) => readFileSync(`/proc/sys/${name}`, 'utf8')).join(''),
  };
}
