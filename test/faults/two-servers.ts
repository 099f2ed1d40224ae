import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '../acceptance/rest-client.js';
import { writesSince } from './audit-log.js';
import { assertInvariants } from './invariants.js';
import { seeded, seedOfRun } from './seeded.js';
import { Installation, type ServerProcess } from './server-process.js';

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
    const busy = `select id from pgboss.job where name = 'reconcile' and (state = 'active' or (state < 'active' and start_after <= now() + interval '2 seconds'))`;
    for (let quiet = 0; quiet < 3; quiet += 1) {
      await until('nothing is left to look at', () => installation.rows(busy), (jobs) => jobs.length === 0, 90);
      await pause(300);
    }
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
        const answer = await through().rest.patch(`/api/services/${id}`, { args: [value] });
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
    const first = storm(random, 2, () => other);
    await pause(random() * 1_000);
    await other.signal('SIGSTOP');
    // What waits for an answer of the stopped one is answered when it is back.
    await storm(random, 2, () => one).catch(() => undefined);
    await pause(stoppedSeconds * 1000);
    await other.signal('SIGCONT');
    await Promise.allSettled([first]);
    await storm(random, 1, () => one);
    await settled();
    await expectIntent();
  }, 240_000 + stoppedSeconds * 2_000);

  test('a restart with nothing changed writes nothing, as the audit log of the API server has it', async () => {
    await Promise.all(servers.map((server) => server.signal('SIGTERM')));
    const since = new Date();
    await Promise.all(servers.map((server) => server.start()));
    await settled();
    expect(writesSince(since, namespaces)).toEqual([]);
  }, 240_000);

  test('SIGTERM under load: what has begun is answered, and it ends in 30 s', async () => {
    const [server] = servers as [ServerProcess];
    const failures: string[] = [];
    let answered = 0;
    let refused = 0;
    let stop = false;
    const { token } = server;
    const client = async (): Promise<void> => {
      while (!stop) {
        try {
          const answer = await fetch(`${server.url}/api/services`, { headers: { authorization: `Bearer ${token}`, connection: 'close' } });
          await answer.arrayBuffer();
          if (answer.status === 200) answered += 1;
          else failures.push(String(answer.status));
        } catch (error) {
          const code = ((error as Error).cause as { code?: string } | undefined)?.code ?? String(error);
          if (code === 'ECONNREFUSED') refused += 1;
          else failures.push(code);
        }
        await pause(20);
      }
    };
    const clients = Array.from({ length: 5 }, client);
    await pause(1_000);
    const began = performance.now();
    expect(await server.signal('SIGTERM')).toBe(0);
    const took = performance.now() - began;
    stop = true;
    await Promise.all(clients);
    process.stderr.write(`${JSON.stringify({ answered, refused, drainMs: Math.round(took) })}\n`);
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(0);
    expect(took).toBeLessThan(30_000);
    await server.start();
  }, 120_000);
}
