import { randomBytes } from 'node:crypto';
import { ensureInstallation } from '../../src/auth/first-boot.js';
import { rotateStep } from '../../src/vault/key-rotation.js';
import { SEALED_COLUMNS } from '../../src/vault/sealed-columns.js';
import { Vault } from '../../src/vault/vault.js';
import { CREATE_DATABASE, CONNECTION, DEPLOY, MY_POSTGRES, SERVICE_WEBHOOK, UPDATE } from '../support/operations.js';
import { TestApi } from '../support/test-api.js';

const REVEAL = 'mutation ($id: ID!) { revealVariables(serviceId: $id) { key value } }';
const CREATE_GROUP = 'mutation ($input: CreateEnvGroupInput!) { createEnvGroup(input: $input) { id } }';
const CHANGE_GROUP = 'mutation ($id: ID!, $input: UpdateEnvGroupInput!) { updateEnvGroup(id: $id, input: $input) { id } }';
const ATTACH = 'mutation ($serviceId: ID!, $groupId: ID!) { attachEnvGroup(serviceId: $serviceId, groupId: $groupId) { id } }';
const REGISTRY = 'mutation ($input: SetRegistryCredentialInput!) { setRegistryCredential(input: $input) { id } }';
const SERVICES = 4;
const WRITERS = 6;
const BEFORE = 10;

export interface RotationResult {
  /** Codes of the writes that were refused. */
  refused: string[];
  writes: number;
  writesASecond: number;
  /** Steps of each of the rotations, which follow each other while there are writes. */
  rotations: number[];
  /** Values that do not open with the new key alone, or open to another value than was written last. */
  lost: string[];
  /** Sealed with a key that is retired, or a data key that is sealed with the old key. */
  left: number;
  /** Why a server with the old key alone does not start. */
  oldKeyRefused: string;
}

/** Rotates the keys again and again while so many writes a second come, of every kind of secret; then looks with the new key alone. */
export async function rotateUnderWrites({ writes, perSecond }: { writes: number; perSecond: number }): Promise<RotationResult> {
  const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];
  const api = await TestApi.start({ vault: new Vault(oldKey) });
  try {
    const ada = await api.account('Ada');
    const run = async (on: TestApi, text: string, variables: Record<string, unknown>) => {
      const answer = await on.run(ada.token, text, variables);
      if (answer.code) throw new Error(`${answer.code}: ${answer.message}`);
      return answer.data;
    };
    const services: string[] = [];
    for (let number = 0; number < SERVICES; number += 1) services.push((await run(api, DEPLOY, { input: { name: `web-${number}`, image: 'nginx', env: { FIXED: `fixed-${number}` } } })).deployService.id);
    const group = (await run(api, CREATE_GROUP, { input: { name: 'shared', variables: { SHARED: '0' } } })).createEnvGroup.id as string;
    for (const serviceId of services) await run(api, ATTACH, { serviceId, groupId: group });
    const database = (await run(api, CREATE_DATABASE, { input: MY_POSTGRES })).createDatabase.id as string;
    const { password } = (await run(api, CONNECTION, { id: database })).databaseConnection;

    const both = new Vault(newKey, oldKey);
    const during = api.withVault(both);
    const newest = new Map<string, string>();
    const refused: string[] = [];
    let done = 0;
    const write = async (index: number): Promise<void> => {
      const id = services[index % SERVICES]!;
      const value = `value-${index}`;
      const kind = index % 10;
      const [text, variables, key]: [string, Record<string, unknown>, string | null] =
        kind === 0 ? [CHANGE_GROUP, { id: group, input: { variables: { [`SHARED_${index}`]: value }, redeploy: index % 50 === 0 } }, `group SHARED_${index}`]
        : kind === 5 ? [REGISTRY, { input: { registry: `registry-${index}.example.com`, username: 'ci', password: value } }, `registry-${index}.example.com`]
        : kind === 7 ? [SERVICE_WEBHOOK, { serviceId: id }, null]
        : [UPDATE, { id, input: { env: { [`KEY_${index % 40}_${id.slice(-4)}`]: value } } }, null];
      const answer = await during.run(ada.token, text, variables);
      if (answer.code) refused.push(`${answer.code}: ${answer.message}`);
      else if (key) newest.set(key, value);
      else if (kind === 7) newest.set(`webhook ${id}`, answer.data.createServiceWebhook.secret);
      done += 1;
    };
    // As many writers as reach the rate where the machine is free; on a busy one they are slower, and none piles up.
    let index = 0;
    const began = performance.now();
    const writer = async (): Promise<void> => {
      while (index < writes) {
        const own = (index += 1);
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, began + (own * 1000) / perSecond - performance.now())));
        await write(own);
      }
    };
    const writers = Promise.all(Array.from({ length: WRITERS }, writer)).then(() => performance.now() - began);
    while (done < BEFORE) await new Promise((resolve) => setTimeout(resolve, 10));
    const rotations: number[] = [];
    do rotations.push(await rotation(api, both));
    while (done < writes && rotations.length < writes);
    const milliseconds = await writers;
    rotations.push(await rotation(api, both));

    const alone = new Vault(newKey);
    await ensureInstallation(api.database.orm, alone);
    const lost = await lostValues(api, alone, newest);
    const after = api.withVault(alone);
    for (const [number, id] of services.entries()) {
      const values = new Map<string, string>((await run(after, REVEAL, { id })).revealVariables.map(({ key, value }: { key: string; value: string }) => [key, value]));
      if (values.get('FIXED') !== `fixed-${number}`) lost.push(`FIXED of service ${number}`);
      if (values.get('SHARED') !== '0') lost.push(`SHARED of service ${number}`);
    }
    if ((await run(after, CONNECTION, { id: database })).databaseConnection.password !== password) lost.push('the database password');
    const oldKeyRefused = await ensureInstallation(api.database.orm, new Vault(oldKey)).then(() => '', (error: Error) => error.message);
    return { refused, writes: done, writesASecond: Math.round((done / milliseconds) * 1000), rotations, lost, left: await leftBehind(api, alone), oldKeyRefused };
  } finally {
    await api.stop();
  }
}

async function rotation(api: TestApi, vault: Vault): Promise<number> {
  const since = new Date();
  for (let steps = 1; ; steps += 1) if ((await rotateStep(api.database.orm, vault, since)).done) return steps;
}

/** Opens every sealed value there is, and compares those that are remembered. */
async function lostValues(api: TestApi, vault: Vault, newest: ReadonlyMap<string, string>): Promise<string[]> {
  const lost: string[] = [];
  const opened = new Map<string, string>();
  for (const { table, column, team } of SEALED_COLUMNS) {
    const rows = await api.em.execute<{ id: string; team_id: string; sealed: string; row: Record<string, string | null> }[]>(`select "${table}".id, ${team} as team_id, "${table}"."${column}" as sealed, to_jsonb("${table}") as row from "${table}" where "${table}"."${column}" is not null`);
    for (const { id, team_id, sealed, row } of rows) {
      const value = await vault.open(api.em, team_id, id, sealed).catch((error: Error) => void lost.push(`${table}.${column}: ${error.message}`));
      if (typeof value !== 'string') continue;
      if (table === 'env_group_variable' && row.replaced_at === null) opened.set(`group ${row.key}`, value);
      if (table === 'registry_credential') opened.set(row.registry!, value);
      if (column === 'sealed_webhook_secret') opened.set(`webhook ${id}`, value);
    }
  }
  for (const [key, value] of newest) if (opened.get(key) !== value && !key.startsWith('webhook')) lost.push(key);
  // Two webhooks of one service may be made at once: the later one stays, and either may have answered last.
  for (const key of newest.keys()) if (key.startsWith('webhook') && !opened.has(key)) lost.push(key);
  return lost;
}

async function leftBehind(api: TestApi, vault: Vault): Promise<number> {
  const [{ count: keys }] = await api.em.execute<[{ count: string }]>('select count(*) from team_key where master_key_id <> ?', [vault.keyId]);
  let values = 0;
  for (const { table, column } of SEALED_COLUMNS) {
    const [{ count }] = await api.em.execute<[{ count: string }]>(`select count(*) from "${table}" where split_part("${column}", '.', 2) in (select id::text from team_key where retired_at is not null)`);
    values += Number(count);
  }
  return Number(keys) + values;
}
