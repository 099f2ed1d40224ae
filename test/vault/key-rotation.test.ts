import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SEALED_COLUMNS } from '../../src/vault/sealed-columns.js';
import { TestApi, type TestAccount } from '../support/test-api.js';
import { rotateUnderWrites } from './rotation-under-writes.js';

describe('key rotation', () => {
  let api: TestApi;
  let ada: TestAccount;

  beforeAll(async () => {
    api = await TestApi.start();
    ada = await api.account('Ada');
  });
  afterAll(() => api.stop());

  test('every sealed column is known to it', async () => {
    const columns = await api.em.execute<{ name: string }[]>(
      `select table_name || '.' || column_name as name from information_schema.columns where table_schema = 'public' and column_name like 'sealed%' order by 1`,
    );
    const known = [...SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`), 'team_key.sealed_key', 'idempotent_call.sealed_answer'];
    expect(columns.map(({ name }) => name)).toEqual(known.sort());
  });

  test('during 50 writes a second: no error, every value readable with the new key alone', async () => {
    const result = await rotateUnderWrites({ writes: 150, perSecond: 50 });
    expect(result).toMatchObject({ refused: [], writes: 150, lost: [], left: 0, oldKeyRefused: expect.stringContaining('is not the key of this installation') });
    expect(result.rotations.every((steps) => steps > 1)).toBe(true);
  }, 120_000);

  test('is the operator\'s alone', async () => {
    const text = 'mutation { rotateKeys(since: "2001-01-01T00:00:00Z") { done } }';
    expect((await api.run(ada.token, text)).code).toBe('FORBIDDEN');
    await api.em.execute('update account set is_operator = true where id = ?', [ada.id]);
    expect((await api.run(ada.token, text)).data.rotateKeys.done).toBe(true);
    expect((await api.run(await api.tokenOf(ada, { teamId: ada.teamId }), text)).code).toBe('FORBIDDEN');
  });
});
