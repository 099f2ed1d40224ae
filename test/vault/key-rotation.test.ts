import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { ensureInstallation } from '../../src/auth/first-boot.js';
import { rotateStep } from '../../src/vault/key-rotation.js';
import { SEALED_COLUMNS } from '../../src/vault/sealed-columns.js';
import { Vault } from '../../src/vault/vault.js';
import { DEPLOY, UPDATE } from '../support/operations.js';
import { TestApi, type TestAccount } from '../support/test-api.js';

const REVEAL = 'mutation ($id: ID!) { revealVariables(serviceId: $id) { key value } }';
const CREATE_GROUP = 'mutation ($input: CreateEnvGroupInput!) { createEnvGroup(input: $input) { id } }';
const CHANGE_GROUP = 'mutation ($id: ID!, $input: UpdateEnvGroupInput!) { updateEnvGroup(id: $id, input: $input) { id } }';
const ATTACH = 'mutation ($serviceId: ID!, $groupId: ID!) { attachEnvGroup(serviceId: $serviceId, groupId: $groupId) { id } }';
const REGISTRY = 'mutation { setRegistryCredential(input: { registry: "ghcr.io", username: "ci", password: "of the registry" }) { id } }';
const WRITES_A_SECOND = 50;
const WRITES = 150;
const WRITERS = 6;

describe('key rotation', () => {
  const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];
  let api: TestApi;
  let ada: TestAccount;

  beforeAll(async () => {
    api = await TestApi.start({ vault: new Vault(oldKey) });
    ada = await api.account('Ada');
  });
  afterAll(() => api.stop());

  const rotate = async (vault: Vault, since: Date): Promise<number> => {
    for (let steps = 1; ; steps += 1) if ((await rotateStep(api.database.orm, vault, since)).done) return steps;
  };

  test('every sealed column is known to it', async () => {
    const columns = await api.em.execute<{ name: string }[]>(
      `select table_name || '.' || column_name as name from information_schema.columns where table_schema = 'public' and column_name like 'sealed%' order by 1`,
    );
    const known = [...SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`), 'team_key.sealed_key', 'idempotent_call.sealed_answer'];
    expect(columns.map(({ name }) => name)).toEqual(known.sort());
  });

  test('during 50 writes a second: no error, every value readable with the new key alone', async () => {
    const services = await Promise.all([1, 2, 3, 4].map(async (number) => (await api.run(ada.token, DEPLOY, { input: { name: `web-${number}`, image: 'nginx', env: { FIXED: `fixed-${number}` } } })).data.deployService.id as string));
    const group = (await api.run(ada.token, CREATE_GROUP, { input: { name: 'shared', variables: { SHARED: '0' } } })).data.createEnvGroup.id;
    for (const serviceId of services) await api.run(ada.token, ATTACH, { serviceId, groupId: group });
    await api.run(ada.token, REGISTRY);

    const both = new Vault(newKey, oldKey);
    const during = api.withVault(both);
    const newest = new Map<string, string>();
    const codes: (string | undefined)[] = [];
    const write = async (index: number) => {
      const id = services[index % services.length]!;
      const value = `value-${index}`;
      const isGroup = index % 5 === 0;
      const answer = isGroup
        ? await during.run(ada.token, CHANGE_GROUP, { id: group, input: { variables: { SHARED: value }, redeploy: index % 25 === 0 } })
        : await during.run(ada.token, UPDATE, { id, input: { env: { [`KEY_${index}`]: value } } });
      codes.push(answer.code);
      if (!isGroup) newest.set(`${id} KEY_${index}`, value);
    };
    // As many writers as reach 50 a second where the machine is free; on a busy one they are slower, and none piles up.
    let index = 0;
    const began = performance.now();
    const writer = async (): Promise<void> => {
      while (index < WRITES) {
        const due = began + (index * 1000) / WRITES_A_SECOND;
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
        await write((index += 1));
      }
    };
    const writers = Promise.all(Array.from({ length: WRITERS }, writer));
    while (codes.length < 10) await new Promise((resolve) => setTimeout(resolve, 10));
    const steps = await rotate(both, new Date());
    const again = await rotate(both, new Date());
    await writers;

    expect([steps > 1, again > 1]).toEqual([true, true]);
    expect(codes.filter(Boolean)).toEqual([]);
    expect(codes.length).toBeGreaterThanOrEqual(WRITES);

    const after = api.withVault(new Vault(newKey));
    await expect(ensureInstallation(api.database.orm, new Vault(newKey))).resolves.toBeDefined();
    for (const [number, id] of services.entries()) {
      const values = new Map<string, string>((await after.run(ada.token, REVEAL, { id })).data.revealVariables.map(({ key, value }: any) => [key, value]));
      expect(values.get('FIXED')).toBe(`fixed-${number + 1}`);
      expect(values.get('SHARED')).toMatch(/^value-\d+$/);
      for (const [name, value] of newest) if (name.startsWith(id)) expect(values.get(name.split(' ')[1]!)).toBe(value);
    }
    const [credential] = await api.em.execute<any[]>('select * from registry_credential');
    expect(await new Vault(newKey).open(api.em, ada.teamId, credential.id, credential.sealed_password)).toBe('of the registry');
    await expect(ensureInstallation(api.database.orm, new Vault(oldKey))).rejects.toThrow('is not the key of this installation');
    const left = await api.em.execute<[{ count: string }]>(
      `select count(*) from variable where split_part(sealed_value, '.', 2) in (select id::text from team_key where retired_at is not null)`,
    );
    expect(Number(left[0].count)).toBe(0);
  }, 120_000);

  test('is the operator\'s alone', async () => {
    const text = 'mutation { rotateKeys(since: "2001-01-01T00:00:00Z") { done } }';
    expect((await api.run(ada.token, text)).code).toBe('FORBIDDEN');
    await api.em.execute('update account set is_operator = true where id = ?', [ada.id]);
    expect((await api.withVault(new Vault(newKey)).run(ada.token, text)).data.rotateKeys.done).toBe(true);
    expect((await api.run(await api.tokenOf(ada, { teamId: ada.teamId }), text)).code).toBe('FORBIDDEN');
  });
});
