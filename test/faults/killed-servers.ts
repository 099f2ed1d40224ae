import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '../acceptance/rest-client.js';
import { assertInvariants } from './invariants.js';
import { seeded, seedOfRun } from './seeded.js';
import { Installation, type ServerProcess } from './server-process.js';

const LONGEST_LIFE_MS = 2_500;
/** Ends at once when it is asked to. */
const SLEEPS = ['sh', '-c', 'trap "exit 0" TERM; sleep 3600 & wait'];

/** Kills the server at random moments of deploys, each time with `kill -9`. */
export function killedServers(kills: number): void {
  let installation: Installation;
  let server: ServerProcess;
  beforeAll(async () => {
    installation = await Installation.make();
    server = await installation.server();
  }, 90_000);
  afterAll(() => installation?.remove(), 60_000);

  test(`${kills} kill -9 during ${kills} deploys: each ends once, with nothing twice and nothing left over`, async () => {
    const random = seeded(seedOfRun());
    const services: string[] = [];
    let asked = 0;
    for (let count = 0; count < kills; count += 1) {
      const preDeploy = count % 3 === 0 ? { command: ['true'], timeoutSeconds: 30 } : null;
      const key = `deploy-${count}`;
      const name = `killed-${count % 5}`;
      const known = services[count % 5];
      const call = () =>
        known
          ? server.rest.patch(`/api/services/${known}`, { env: { COUNT: String(count) }, preDeploy }, key)
          : server.rest.post('/api/deploy', { name, image: 'busybox', command: SLEEPS, env: { COUNT: String(count) }, preDeploy }, key);
      // The client sends again what was not answered: that is what the key is for.
      const answer = call().catch(() => null);
      await pause(random() * LONGEST_LIFE_MS);
      await server.signal('SIGKILL');
      const first = await answer;
      await server.start();
      const again = await call();
      expect(again.status).toBe(200);
      if (first) expect(again.body).toEqual(first.body);
      services[count % 5] = again.body.id;
      asked += 1;
    }
    await assertInvariants(installation, 120);
    const [{ count }] = (await installation.rows<{ count: string }>('select count(*) from deployment')) as [{ count: string }];
    expect(Number(count)).toBe(asked);
    for (const id of services.filter(Boolean)) await until('it runs what was asked for last', () => server.rest.get(`/api/services/${id}`), ({ body }) => body.status === 'RUNNING', 60);
    for (const id of services.filter(Boolean)) expect((await server.rest.delete(`/api/services/${id}`)).status).toBe(200);
    await until('deleted services leave nothing', async () => (await Promise.all((['Deployment', 'Pod', 'Secret', 'Service', 'Job'] as const).map((kind) => installation.objects(kind)))).flat().length, (left) => left === 0, 90);
  }, 240_000 + kills * 20_000);
}
