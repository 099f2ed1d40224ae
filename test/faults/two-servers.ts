import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '../acceptance/rest-client.js';
import { writesSince } from './audit-log.js';
import { assertInvariants } from './invariants.js';
import { seeded, seedOfRun } from './seeded.js';
import { Installation, type ServerProcess } from './server-process.js';
import { untilIdle } from './until-idle.js';

export interface Size {
  services: number;
  changesPerSecond: number;
  seconds: number;
  stoppedSeconds: number;
}

/** Two servers on one database: a storm of changes, one of them stopped in its middle, both restarted at the end. */
export function twoServers({ services, changesPerSecond, seconds, stoppedSeconds }: Size): void {
  let installation: Installation;
  let servers: ServerProcess[];
  let namespaces: Set<string>;
  const ids: string[] = [];
  const intent = new Map<string, string>();

  beforeAll(async () => {
    installation = await Installation.make();
    servers = [await installation.server(), await installation.server()];
    for (let count = 0; count < services; count += 1) {
      const { body } = await servers[count % 2]!.rest.post('/api/deploy', { name: `shared-${count}`, image: 'busybox', command: ['sleep', '1'], args: ['0'], replicas: 0 });
      ids.push(body.id);
    }
    await settled();
    namespaces = new Set((await installation.objects('Namespace')).map(({ metadata }) => metadata.name));
  }, 120_000 + services * 2_000);
  afterAll(() => installation?.remove(), 120_000);

  /** No deployment is open, and no look at a key is at work or due. */
  async function settled(): Promise<void> {
    await assertInvariants(installation, 120);
    await untilIdle(installation, 90);
  }

  /** Changes services at random, through either server; the last of each is its intent. */
  async function storm(random: () => number, long: number, through: () => ServerProcess): Promise<number> {
    const began = Date.now();
    let sent = 0;
    const flying: Promise<void>[] = [];
    while (Date.now() < began + long * 1000) {
      if (sent >= ((Date.now() - began) / 1000) * changesPerSecond) {
        await pause(10);
        continue;
      }
      const id = ids[Math.floor(random() * ids.length)]!;
      sent += 1;
      const value = String(sent);
      // One after the other for each service, so that "the last" means something.
      const before = last.get(id) ?? Promise.resolve();
      const call = before.then(async () => {
        // A 503 (a machine so busy that the cluster does not answer) has changed nothing: the client sends it again.
        const answer = await until('the change is taken', () => through().rest.patch(`/api/services/${id}`, { args: [value] }, `change-${value}`), ({ status }) => status !== 503, 90);
        expect(answer.status).toBe(200);
        intent.set(id, value);
      });
      last.set(id, call);
      flying.push(call);
    }
    await Promise.all(flying);
    return sent;
  }
  const last = new Map<string, Promise<void>>();

  async function expectIntent(): Promise<void> {
    const objects = await installation.objects('Deployment');
    const seen = new Map(objects.map(({ metadata, spec }) => [metadata.labels['apexpaas.com/service'], spec.template.spec.containers[0].args[0]]));
    for (const [id, value] of intent) expect([id, seen.get(id)]).toEqual([id, value]);
  }

  test(`${services} services, ${changesPerSecond} changes/s for ${seconds} s: the last intent of each, and at most one write for each change`, async () => {
    const random = seeded(seedOfRun());
    const since = new Date();
    const sent = await storm(random, seconds, () => servers[random() < 0.5 ? 0 : 1]!);
    await settled();
    await expectIntent();
    const writes = writesSince(since, namespaces);
    process.stderr.write(`${JSON.stringify({ services, sent, writes: writes.length })}\n`);
    expect(writes.length).toBeLessThanOrEqual(sent);
  }, 240_000 + seconds * 3_000);

  test(`one of them is stopped for ${stoppedSeconds} s: the other goes on, and what comes back overwrites nothing`, async () => {
    const [one, other] = servers as [ServerProcess, ServerProcess];
    const random = seeded(seedOfRun());
    const change = (server: ServerProcess, id: string, value: string) => server.rest.patch(`/api/services/${id}`, { args: [value] });
    const begun = ids.map((id) => change(other, id, 'begun').catch(() => null));
    await pause(random() * 200);
    await other.signal('SIGSTOP');
    // Rows that it has locked are free when the database ends its transactions.
    const later = ids.map((id) => until('the other server takes the change', () => change(one, id, 'later'), ({ status }) => status === 200, 90));
    await Promise.all([...later, pause(stoppedSeconds * 1000)]);
    await other.signal('SIGCONT');
    await Promise.all(begun);
    await Promise.all(ids.map((id) => change(one, id, 'last')));
    await settled();
    for (const id of ids) intent.set(id, 'last');
    await expectIntent();
  }, 240_000 + stoppedSeconds * 2_000);

  test('a restart with nothing changed writes nothing, as the audit log of the API server has it', async () => {
    await Promise.all(servers.map((server) => server.signal('SIGTERM')));
    const since = new Date();
    await Promise.all(servers.map((server) => server.start()));
    await settled();
    expect(writesSince(since, namespaces)).toEqual([]);
  }, 240_000);

  test('SIGTERM: what has begun is answered, and the server ends in 30 s', async () => {
    const [server] = servers as [ServerProcess];
    const { token } = server;
    const body = JSON.stringify({ args: ['half'] });
    const begun = ids.map((id) => {
      const call = request(`${server.url}/api/services/${id}`, { method: 'PATCH', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-length': body.length, expect: '100-continue' } });
      // The server says so once it has read the head: from then on the request has begun.
      const read = new Promise<void>((resolve, reject) => call.on('continue', resolve).on('error', reject));
      const answered = new Promise<number>((resolve, reject) => call.on('response', (answer) => (answer.resume(), resolve(answer.statusCode ?? 0))).on('error', reject));
      call.flushHeaders();
      return { call, answered, read };
    });
    await Promise.all(begun.map(({ read }) => read));
    for (const { call } of begun) call.write(body.slice(0, 8));
    const began = performance.now();
    const ended = server.signal('SIGTERM');
    await pause(200);
    for (const { call } of begun) call.end(body.slice(8));
    expect(await Promise.all(begun.map(({ answered }) => answered))).toEqual(ids.map(() => 200));
    expect(await ended).toBe(0);
    process.stderr.write(`${JSON.stringify({ begun: begun.length, drainMs: Math.round(performance.now() - began) })}\n`);
    expect(performance.now() - began).toBeLessThan(30_000);
    await server.start();
    await settled();
  }, 120_000);
}
