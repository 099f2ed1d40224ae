import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { adminUrl } from '../../src/cli/database/access.js';
import { EmbeddedPostgres } from '../../src/cli/database/embedded-postgres.js';
import { Progress } from '../../src/cli/progress.js';
import { assertInvariants } from './invariants.js';
import { Installation, type ServerProcess } from './server-process.js';

const DEPLOYS = 6;
const silent = new Progress({ write: () => true, isTTY: false, columns: 80 } as never);

let folder: string;
let postgres: EmbeddedPostgres;
let installation: Installation;
let servers: ServerProcess[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'apex-restarted-'));
  postgres = new EmbeddedPostgres(folder, 'durable');
  process.env.TEST_DATABASE_URL = adminUrl((await postgres.ensureRunning(silent)).access);
  installation = await Installation.make();
  servers = [await installation.server(), await installation.server()];
}, 180_000);
afterAll(async () => {
  await installation?.remove();
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

test('PostgreSQL is stopped and started again in the middle of deploys: each call says how it ended, and each deploy is made once and becomes live', async () => {
  const answers: { status: number; ms: number }[] = [];
  const deploy = async (count: number): Promise<void> => {
    for (;;) {
      const began = performance.now();
      const body = { name: `kept-${count}`, image: 'busybox', command: ['sleep', '60'], replicas: 0 };
      const { status } = await servers[count % 2]!.rest.post('/api/deploy', body, `kept-${count}`);
      answers.push({ status, ms: performance.now() - began });
      if (status === 200) return;
      await pause(200);
    }
  };
  const before = Array.from({ length: DEPLOYS / 2 }, (_, count) => deploy(count));
  await Promise.all(before);
  const stopped = postgres.stop();
  const meanwhile = Array.from({ length: DEPLOYS / 2 }, (_, count) => deploy(DEPLOYS / 2 + count));
  await stopped;
  await pause(2_000);
  await postgres.ensureRunning(silent);
  await Promise.all(meanwhile);

  await assertInvariants(installation, 90);
  if (process.env.APEX_SOAK) expect(answers.filter(({ ms }) => ms > 15_000)).toEqual([]);
  expect(answers.filter(({ status }) => ![200, 500, 503].includes(status))).toEqual([]);
  expect(answers.filter(({ status }) => status !== 200).length).toBeGreaterThan(0);
  const made = await installation.rows<{ name: string; deployments: string }>('select name, (select count(*) from deployment where service_id = service.id) as deployments from service order by name');
  expect(made).toEqual(Array.from({ length: DEPLOYS }, (_, count) => ({ name: `kept-${count}`, deployments: '1' })));
  for (const server of servers) expect((await server.rest.get('/api/services')).body).toHaveLength(DEPLOYS);
}, 240_000);
