import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '../acceptance/rest-client.js';
import { assertInvariants } from './invariants.js';
import { Installation, type ServerProcess } from './server-process.js';
import { underLoad } from './steady-load.js';

/** Redeploys, a change of variables only and a broken image under a steady load: nobody may notice. */
export function redeploysUnderLoad(redeploys: number, perSecond: number): void {
  let installation: Installation;
  let server: ServerProcess;
  beforeAll(async () => {
    installation = await Installation.make();
    server = await installation.server();
  }, 90_000);
  afterAll(() => installation?.remove(), 60_000);

  test(`${redeploys} redeploys under ${perSecond} requests/s: none fails`, async () => {
    const { rest } = server;
    const { body: deployed } = await rest.post('/api/deploy', { name: 'busy', image: 'apex.local/hello', containerPort: 8080, public: true, replicas: 2 });
    expect(await rest.endOfDeployment(deployed.latestDeployment.id)).toMatchObject({ state: 'LIVE' });
    await until('it runs', () => rest.get(`/api/services/${deployed.id}`), ({ body }) => body.status === 'RUNNING');

    const ends: string[] = [];
    const step = async (method: 'post' | 'patch', path: string, body?: unknown): Promise<void> => {
      const answer = await rest[method](`/api/services/${deployed.id}${path}`, body);
      expect(answer.status).toBe(200);
      ends.push((await rest.endOfDeployment(answer.body.latestDeployment.id)).state);
    };
    const result = await underLoad(deployed.url, perSecond, async () => {
      for (let count = 0; count < redeploys; count += 1) {
        await step('post', '/redeploy');
        if (count === Math.floor(redeploys / 2)) await step('patch', '', { image: 'apex.local/hello', command: ['/no/such/program'] });
        if (count === Math.floor(redeploys / 2)) await step('patch', '', { command: null, env: { ONLY: 'variables' } });
      }
    });
    process.stderr.write(`${JSON.stringify({ redeploys, ...result })}\n`);
    expect(result.failed).toEqual({});
    expect(result.sent).toBeGreaterThan(perSecond);
    expect(ends.filter((state) => state === 'LIVE')).toHaveLength(redeploys + 1);
    expect(ends.filter((state) => state === 'FAILED')).toHaveLength(1);
    await assertInvariants(installation);
  }, 60_000 + redeploys * 45_000);
}
