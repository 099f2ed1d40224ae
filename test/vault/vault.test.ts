import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Team } from '../../src/entities/team.js';
import { newId } from '../../src/entities/columns.js';
import { Vault } from '../../src/vault/vault.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

describe('the vault', () => {
  let database: TestDatabase;
  const masterKey = randomBytes(32);
  const vault = new Vault(masterKey);
  const row = newId();
  let team: string;
  let otherTeam: string;

  const em = () => database.orm.em.fork();
  const newTeam = () =>
    em().transactional(async (tx) => {
      const made = Object.assign(new Team(), { name: 'Team' });
      await tx.persist(made).flush();
      await vault.createTeamKey(tx, made.id);
      return made.id;
    });

  beforeAll(async () => {
    database = await createTestDatabase();
    [team, otherTeam] = [await newTeam(), await newTeam()];
  });
  afterAll(() => database.drop());

  test.each(['', 'a secret', 'ünïcode ✓', 'x'.repeat(100_000)])('opens what it sealed', async (secret) => {
    const sealed = await vault.seal(em(), team, row, secret);
    expect(await vault.open(em(), team, row, sealed)).toBe(secret);
    expect(await new Vault(masterKey).open(em(), team, row, sealed)).toBe(secret);
  });

  test('the same secret is sealed differently each time, and is not to be seen', async () => {
    const [one, other] = [await vault.seal(em(), team, row, 'canary-secret'), await vault.seal(em(), team, row, 'canary-secret')];
    expect(one).not.toBe(other);
    expect(Buffer.from(one.split('.')[3]!, 'base64url').toString('latin1')).not.toContain('canary');
  });

  test('a sealed secret that was moved to another row or another team does not open', async () => {
    const sealed = await vault.seal(em(), team, row, 'secret');
    await expect(vault.open(em(), team, newId(), sealed)).rejects.toThrow('cannot be opened');
    await expect(vault.open(em(), otherTeam, row, sealed)).rejects.toThrow();
    const [version, , ...rest] = sealed.split('.');
    const [, otherKey] = (await vault.seal(em(), otherTeam, row, 'x')).split('.');
    await expect(vault.open(em(), otherTeam, row, [version, otherKey, ...rest].join('.'))).rejects.toThrow('cannot be opened');
  });

  test('one that was altered, or is none, does not open', async () => {
    const sealed = await vault.seal(em(), team, row, 'secret');
    const parts = sealed.split('.');
    for (const index of [2, 3]) {
      const bytes = Buffer.from(parts[index]!, 'base64url');
      bytes[0]! ^= 1;
      const altered = parts.map((part, at) => (at === index ? bytes.toString('base64url') : part)).join('.');
      await expect(vault.open(em(), team, row, altered)).rejects.toThrow('cannot be opened');
    }
    for (const none of ['', 'plain text', 'v1.a.b', `${sealed}.more`, sealed.replace('v1', 'v2')]) await expect(vault.open(em(), team, row, none)).rejects.toThrow('is not');
  });

  test('another installation key opens nothing, and says which key it wants', async () => {
    const sealed = await vault.seal(em(), team, row, 'secret');
    const wrong = new Vault(randomBytes(32));
    await expect(wrong.open(em(), team, row, sealed)).rejects.toThrow(`sealed with key ${vault.keyId}, and this is key ${wrong.keyId}`);
  });

  test('a data key that was moved to another team does not open', async () => {
    const thief = await newTeam();
    await em().execute('update team_key set sealed_key = (select sealed_key from team_key where team_id = ?) where team_id = ?', [team, thief]);
    await expect(new Vault(masterKey).seal(em(), thief, row, 'x')).rejects.toThrow('cannot be opened');
  });

  test('without a data key nothing is sealed', async () => {
    await expect(vault.seal(em(), newId(), row, 'x')).rejects.toThrow('has no data key');
  });
});
