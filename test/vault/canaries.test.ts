import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CREATE_TOKEN, DEPLOY, MY_SERVICE, REDEPLOY, UPDATE } from '../support/operations.js';
import { TestApi, type TestAccount } from '../support/test-api.js';

let api: TestApi;
let ada: TestAccount;

beforeAll(async () => {
  api = await TestApi.start();
  ada = await api.account('Ada');
});
afterAll(() => api.stop());

/** Every value of every column of every table, the queue's too, as text. */
async function dump(): Promise<string> {
  const tables = await api.em.execute<{ name: string }[]>(
    `select format('%I.%I', table_schema, table_name) as name from information_schema.tables where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'`,
  );
  const rows = await Promise.all(tables.map(({ name }) => api.em.execute<{ row: string }[]>(`select row(t.*)::text as row from ${name} t`)));
  return rows.flat().map(({ row }) => row).join('\n');
}

test('no secret that was given or made is in the database, in any of its usual clothes', async () => {
  const canary = 'canary-5d0e-value-of-a-variable';
  const changed = 'canary-77aa-value-of-an-update';
  const { id } = (await api.run(ada.token, DEPLOY, { input: { ...MY_SERVICE, env: { API_KEY: canary, PLAIN: 'shown-nowhere-either' } } })).data.deployService;
  await api.run(ada.token, UPDATE, { id, input: { env: { API_KEY: changed } } });
  await api.run(ada.token, REDEPLOY, { id });
  const { token } = (await api.run(ada.token, CREATE_TOKEN)).data.createToken;

  const text = await dump();
  expect(text).toContain('API_KEY');
  for (const secret of [canary, changed, 'shown-nowhere-either', token, ada.token]) {
    for (const coded of [secret, Buffer.from(secret).toString('base64').slice(0, -4), Buffer.from(secret).toString('hex'), encodeURIComponent(secret)]) {
      expect(text.includes(coded)).toBe(false);
    }
  }
});
