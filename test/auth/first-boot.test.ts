import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthenticator } from '../../src/auth/authenticate.js';
import { ensureCredentials } from '../../src/auth/credentials-file.js';
import { ensureInstallation } from '../../src/auth/first-boot.js';
import { Vault } from '../../src/vault/vault.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const URL = 'http://127.0.0.1:3000';

describe('the first boot', () => {
  let database: TestDatabase;
  let home: string;
  const masterKey = randomBytes(32);
  const file = (): string => join(home, 'credentials.json');
  const credentials = async (): Promise<{ url: string; token: string }> => JSON.parse(await readFile(file(), 'utf8'));
  const authenticate = (token: string) => createAuthenticator(database.orm)(`Bearer ${token}`);
  const count = async (table: string): Promise<number> => Number((await database.orm.em.fork().execute<[{ count: string }]>(`select count(*) from ${table}`))[0].count);

  beforeAll(async () => {
    database = await createTestDatabase();
    home = await mkdtemp(join(tmpdir(), 'apex-first-boot-'));
  });

  afterAll(async () => {
    await database.drop();
    await rm(home, { recursive: true });
  });

  test('of two servers at once makes one installation, with one operator, its team and its environment', async () => {
    const [one, other] = await Promise.all([1, 2].map(() => ensureInstallation(database.orm, new Vault(masterKey))));
    expect(one!.id).toBe(other!.id);
    const rows = await database.orm.em.fork().execute(
      `select account.is_operator, team.personal, membership.role, environment.name from account
         join membership on membership.account_id = account.id join team on team.id = membership.team_id
         join environment on environment.team_id = team.id`,
    );
    expect(rows).toEqual([{ is_operator: true, personal: true, role: 'OWNER', name: 'production' }]);
    expect(await count('team_key')).toBe(1);
  });

  test('refuses another secret key, names both keys, and changes nothing', async () => {
    const right = new Vault(masterKey);
    const wrong = new Vault(randomBytes(32));
    await expect(ensureInstallation(database.orm, wrong)).rejects.toThrow(
      `APEX_SECRET_KEY is not the key of this installation: its secrets were sealed with key ${right.keyId}, and this is key ${wrong.keyId}.`,
    );
    expect(await count('installation')).toBe(1);
    await ensureInstallation(database.orm, right);
  });

  test('writes credentials that work and that nobody else may read', async () => {
    await ensureCredentials(database.orm, { home, url: URL });
    const { url, token } = await credentials();
    expect(url).toBe(URL);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(await authenticate(token)).toMatchObject({ kind: 'account', isOperator: true, teamId: null, scopes: new Set(['read', 'deploy', 'admin']) });
    expect(JSON.stringify(await database.orm.em.fork().execute('select * from token'))).not.toContain(token);
  });

  test('keeps a token that works, and follows a new address', async () => {
    const before = await credentials();
    await ensureCredentials(database.orm, { home, url: 'http://127.0.0.1:4000' });
    expect(await credentials()).toEqual({ url: 'http://127.0.0.1:4000', token: before.token });
    expect(await count('token')).toBe(1);
  });

  test.each([
    ['the file is gone', () => rm(file())],
    ['the file is not JSON', () => writeFile(file(), '{"url"')],
    ['the token was revoked', () => database.orm.em.fork().execute('update token set revoked_at = now()')],
    ['the token has expired', () => database.orm.em.fork().execute(`update token set expires_at = now() - interval '1 second'`)],
  ])('issues a new token when %s', async (_, damage) => {
    await ensureCredentials(database.orm, { home, url: URL });
    const before = await credentials();
    await damage();
    await ensureCredentials(database.orm, { home, url: URL });
    const after = await credentials();
    expect(after.token).not.toBe(before.token);
    await expect(authenticate(after.token)).resolves.toMatchObject({ kind: 'account' });
  });
});
