import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { assertInvariants } from './invariants.js';
import { Installation, type ServerProcess } from './server-process.js';

const CUTS = 8;
const BETWEEN_MS = 250;

let installation: Installation;
let server: ServerProcess;
beforeAll(async () => {
  installation = await Installation.make();
  server = await installation.server();
}, 90_000);
afterAll(() => installation?.remove(), 60_000);

/** Ends every connection that the servers have, whatever they are in the middle of. */
async function cutAll(admin: pg.Client): Promise<number> {
  const { rows } = await admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and application_name like 'apex%'`,
  );
  return rows.length;
}

test('connections of the database are cut in the middle of deploys: each answers or says why not, and all end', async () => {
  const admin = new pg.Client({ connectionString: installation.database.url, application_name: 'cutter' });
  await admin.connect();
  try {
    const answers: number[] = [];
    let cut = 0;
    const calls: Promise<unknown>[] = [];
    for (let count = 0; count < CUTS; count += 1) {
      const began = performance.now();
      const call = async (): Promise<void> => {
        for (;;) {
          const answer = await server.rest.post('/api/deploy', { name: `cut-${count}`, image: 'busybox', command: ['sleep', '60'], replicas: 0 }, `cut-${count}`);
          expect(performance.now() - began).toBeLessThan(60_000);
          answers.push(answer.status);
          if (answer.status === 200) return;
          expect([500, 503]).toContain(answer.status);
          await pause(100);
        }
      };
      calls.push(call());
      await pause(BETWEEN_MS);
      cut += await cutAll(admin);
    }
    await Promise.all(calls);
    expect(cut).toBeGreaterThan(CUTS);
    await assertInvariants(installation, 90);
    const made = await installation.rows<{ name: string; count: string }>('select name, (select count(*) from deployment where service_id = service.id) as count from service order by name');
    expect(made).toEqual(Array.from({ length: CUTS }, (_, count) => ({ name: `cut-${count}`, count: '1' })));
    expect(answers.filter((status) => status === 200)).toHaveLength(CUTS);
  } finally {
    await admin.end();
  }
}, 180_000);
