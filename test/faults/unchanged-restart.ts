import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { writesSince } from './audit-log.js';
import { assertInvariants } from './invariants.js';
import { Installation, type ServerProcess } from './server-process.js';
import { untilIdle } from './until-idle.js';

const AT_ONCE = 10;

/** A restart with so many unchanged services: all of them are looked at, and nothing is written. */
export function unchangedRestart(services: number): void {
  let installation: Installation;
  let server: ServerProcess;
  beforeAll(async () => {
    installation = await Installation.make();
    server = await installation.server();
    for (let made = 0; made < services; made += AT_ONCE) {
      const some = Array.from({ length: Math.min(AT_ONCE, services - made) }, (_, index) => made + index);
      const answers = await Promise.all(some.map((count) => server.rest.post('/api/deploy', { name: `same-${count}`, image: 'busybox', command: ['sleep', '60'], containerPort: 8080, public: count % 2 === 0, env: { COUNT: String(count) }, replicas: 0 })));
      expect(answers.map(({ status }) => status)).toEqual(some.map(() => 200));
    }
    await assertInvariants(installation, 60 + services);
    await untilIdle(installation);
  }, 180_000 + services * 2_000);
  afterAll(() => installation?.remove(), 180_000);

  test(`a restart with ${services} unchanged services: each is looked at, and the audit log of the API server has no write of ours`, async () => {
    const namespaces = new Set((await installation.objects('Namespace')).map(({ metadata }) => metadata.name as string));
    const looks = async () => Number((await installation.rows<{ looks: string }>(`select coalesce(sum(fence), 0) as looks from lease where key like 'service/%'`))[0]!.looks);
    // The log is asked first whether it would show a write at all.
    expect(writesSince(new Date(0), namespaces).length).toBeGreaterThanOrEqual(services);
    await server.signal('SIGTERM');
    const [since, before] = [new Date(), await looks()];
    await server.start();
    await untilIdle(installation);
    const seen = (await looks()) - before;
    const writes = writesSince(since, namespaces);
    process.stderr.write(`${JSON.stringify({ services, looks: seen, writes: writes.length })}\n`);
    expect(seen).toBeGreaterThanOrEqual(services);
    expect(writes).toEqual([]);
  }, 120_000 + services * 1_000);
}
