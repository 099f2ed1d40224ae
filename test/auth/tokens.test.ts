import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthenticator } from '../../src/auth/authenticate.js';
import { CREATE_TOKEN, REVOKE_TOKEN, TOKENS, VIEWER } from '../support/operations.js';
import { TestApi, type TestAccount } from '../support/test-api.js';

describe('tokens', () => {
  let api: TestApi;
  let ada: TestAccount;

  beforeAll(async () => {
    api = await TestApi.start();
    ada = await api.account('Ada');
  });
  afterAll(() => api.stop());

  const create = (input: object | null, token = ada.token) => api.run(token, CREATE_TOKEN, { input });
  const authenticate = (header: string | undefined) => createAuthenticator(api.database.orm)(header);

  test('a new one has all that its maker has, is shown once and kept as a hash', async () => {
    const { data } = await create(null);
    const { id, token, ...rest } = data.createToken;
    expect(rest).toEqual({ name: 'API token', scopes: ['read', 'deploy', 'admin'], expiresAt: null, teamId: null });
    expect(token).toMatch(/^apex_[A-Za-z0-9_-]{43}$/);
    expect((await api.run(token, VIEWER)).data.viewer.id).toBe(ada.id);
    expect((await api.run(ada.token, TOKENS)).text).not.toContain(token);
    expect(JSON.stringify(await api.em.execute('select * from token where id = ?', [id]))).not.toContain(token.slice(12));
  });

  test('the scopes that it is given are never more than its maker has', async () => {
    const admin = await create({ scopes: ['admin'] });
    const limited = await create({ scopes: ['read', 'deploy'], name: 'ci' });
    expect(limited.data.createToken).toMatchObject({ scopes: ['read', 'deploy'], name: 'ci' });
    expect((await create({ scopes: ['read'] }, limited.data.createToken.token)).code).toBe('FORBIDDEN');
    expect((await create({ scopes: ['deploy'] }, admin.data.createToken.token)).data.createToken.scopes).toEqual(['deploy']);
  });

  test.each([
    ['scopes', 'must name at least one scope', { scopes: [] }],
    ['scopes.0', 'must be one of admin, deploy, read', { scopes: ['everything'] }],
    ['name', 'must not be empty', { name: '' }],
    ['name', 'must be at most 100 characters', { name: 'x'.repeat(101) }],
    ['expiresAt', 'must lie in the future', { expiresAt: '2001-01-01T00:00:00Z' }],
    ['expiresAt', 'must be a time like 2030-01-31T12:00:00Z', { expiresAt: 'tomorrow' }],
    ['owner', 'is not a known field', { owner: 'me' }],
  ])('a fault of %s (%s) is named and nothing is written: %j', async (path, message, input) => {
    const before = await api.counts();
    const { code, faults } = await create(input);
    expect([code, faults]).toEqual(['BAD_REQUEST', [{ path, message }]]);
    expect(await api.counts()).toEqual(before);
  });

  test('a revoked one is refused from then on, and to revoke it again changes nothing', async () => {
    const { id, token } = (await create(null)).data.createToken;
    const { revokedAt } = (await api.run(ada.token, REVOKE_TOKEN, { id })).data.revokeToken;
    expect((await api.run(ada.token, REVOKE_TOKEN, { id })).data.revokeToken.revokedAt).toBe(revokedAt);
    await expect(authenticate(`Bearer ${token}`)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect((await api.run(ada.token, TOKENS)).data.tokens.map((row: any) => row.id)).not.toContain(id);
  });

  test('one that has expired is refused, and so is one of a deleted account', async () => {
    const expired = await api.tokenOf(ada, { expiresAt: new Date(Date.now() - 1) });
    await expect(authenticate(`Bearer ${expired}`)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const bob = await api.account('Bob');
    await authenticate(`Bearer ${bob.token}`);
    await api.em.execute('update account set deleted_at = now() where id = ?', [bob.id]);
    await expect(authenticate(`Bearer ${bob.token}`)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test.each([undefined, '', 'Bearer', 'Bearer ', 'Basic YTpi', 'Bearer apex_short', `Bearer apex_${'a'.repeat(43)}`, `Bearer ${'a'.repeat(10_000)}`, 'bearer null'])(
    'the header %j is refused',
    async (header) => {
      await expect(authenticate(header)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    },
  );

  test('its use is written down, at most once a minute', async () => {
    const bob = await api.account('Bob');
    const used = async () => (await api.em.execute<any[]>('select last_used_at from token where id = ?', [bob.tokenId]))[0].last_used_at;
    expect(await used()).toBeNull();
    await authenticate(`Bearer ${bob.token}`);
    const first = await used();
    expect(first).not.toBeNull();
    expect(await api.statements(() => authenticate(`Bearer ${bob.token}`))).toHaveLength(1);
    expect(await used()).toBe(first);
    await api.em.execute(`update token set last_used_at = now() - interval '61 seconds' where id = ?`, [bob.tokenId]);
    await authenticate(`Bearer ${bob.token}`);
    expect(Date.parse(await used())).toBeGreaterThanOrEqual(Date.parse(first));
  });

  test('authentication finds the token by an index', async () => {
    const plan = await api.em.transactional(async (tx) => {
      await tx.execute('set local enable_seqscan = off');
      return tx.execute('explain select id from token where hash = ?', ['x']);
    });
    expect(JSON.stringify(plan)).toContain('token_hash_unique');
  });

  test('making them is limited for an account, exactly, however many come at once', async () => {
    const bob = await api.account('Bob');
    const answers = await Promise.all(Array.from({ length: 320 }, () => create(null, bob.token)));
    const refused = answers.filter(({ code }) => code === 'RATE_LIMITED');
    expect([answers.length - refused.length, refused.length]).toEqual([300, 20]);
    const { retryAfterSeconds } = JSON.parse(refused[0]!.text).errors[0].extensions;
    expect(retryAfterSeconds).toBeGreaterThan(0);
    expect(retryAfterSeconds).toBeLessThanOrEqual(60);
    expect((await create(null)).code).toBeUndefined();
  });
});
