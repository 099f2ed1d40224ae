import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loadConfig } from '../../../src/config.js';
import { CREATE_ENVIRONMENT } from '../../support/operations.js';
import { TestApi, type TestAccount } from '../../support/test-api.js';
import { createWorld, NOWHERE, type World } from '../../support/world.js';

const SET = 'mutation ($teamId: ID!, $input: TeamQuotaInput!) { setTeamQuota(teamId: $teamId, input: $input) { environments pods cpu memory volumes } }';
const QUOTA = 'query ($id: ID!) { team(id: $id) { quota { environments pods cpu memory volumes } } }';
const DEFAULTS = { environments: 100, pods: 500, cpu: '200', memory: '400Gi', volumes: 50 };

let api: TestApi;
let operator: TestAccount;
let ada: TestAccount;
let world: World;

beforeAll(async () => {
  api = await TestApi.start();
  operator = await api.account('Operator');
  await api.em.execute('update account set is_operator = true where id = ?', [operator.id]);
  ada = await api.account('Ada');
  world = await createWorld(api, ada);
});
afterAll(() => api.stop());

const quota = async () => (await api.run(ada.token, QUOTA, { id: world.teamId })).data.team.quota;

test('a team begins with the limits of the installation', async () => {
  expect(await quota()).toEqual(DEFAULTS);
});

test('the operator changes them for any team; its owner does not', async () => {
  const environments = await api.em.execute<{ id: string }[]>('select id from environment where team_id = ?', [world.teamId]);
  expect((await api.run(ada.token, SET, { teamId: world.teamId, input: { pods: 10 } })).code).toBe('FORBIDDEN');
  const answer = await api.run(operator.token, SET, { teamId: world.teamId, input: { pods: 10, cpu: '2500m' } });
  expect(answer.data.setTeamQuota).toEqual({ ...DEFAULTS, pods: 10, cpu: '2500m' });
  expect(await quota()).toEqual({ ...DEFAULTS, pods: 10, cpu: '2500m' });
  const woken = await api.em.execute<{ key: string }[]>(`select distinct singleton_key as key from pgboss.job where singleton_key like 'environment/%'`);
  expect(woken.map(({ key }) => key).sort()).toEqual(environments.map(({ id }) => `environment/${id}`).sort());
  expect((await api.run(operator.token, SET, { teamId: world.teamId, input: { cpu: null } })).data.setTeamQuota).toEqual({ ...DEFAULTS, pods: 10 });
  const [event] = await api.em.execute<any[]>(`select before, after from audit_event where action = 'setTeamQuota' and outcome = 'OK' and team_id = ? order by created_at limit 1`, [world.teamId]);
  expect(event).toEqual({ before: DEFAULTS, after: { ...DEFAULTS, pods: 10, cpu: '2500m' } });
});

test('what is no limit, and what is no team, is refused', async () => {
  const faults = async (input: object) => (await api.run(operator.token, SET, { teamId: world.teamId, input })).faults;
  expect(await faults({ pods: -1 })).toEqual([{ path: 'pods', message: 'must be a whole number from 0 to 1000000' }]);
  expect(await faults({ cpu: 'many', memory: '1 GB' })).toEqual([{ path: 'cpu', message: 'must be a quantity, such as 4 or 500m' }, { path: 'memory', message: 'must be a quantity, such as 8Gi' }]);
  for (const teamId of [NOWHERE.teamId, 'x']) expect((await api.run(operator.token, SET, { teamId, input: { pods: 1 } })).code).toBe('NOT_FOUND');
});

test('nobody makes an environment beyond the limit, not even two at once', async () => {
  const [{ count }] = await api.em.execute<[{ count: string }]>('select count(*) from environment where team_id = ? and deleted_at is null', [world.teamId]);
  await api.run(operator.token, SET, { teamId: world.teamId, input: { environments: Number(count) + 1 } });
  const answers = await Promise.all(['one', 'two', 'three'].map((name) => api.run(ada.token, CREATE_ENVIRONMENT, { input: { name, teamId: world.teamId } })));
  expect(answers.map(({ code }) => code ?? 'OK').sort()).toEqual(['BAD_REQUEST', 'BAD_REQUEST', 'OK']);
  expect(answers.find(({ code }) => code)!.message).toBe(`The team has reached its limit of ${Number(count) + 1} environments. Delete one, or ask the operator of this installation to raise the limit.`);
});

test('the setting says what a team begins with, and is refused where it makes no sense', () => {
  const base = { DATABASE_URL: 'postgres://localhost/x', APEX_SECRET_KEY: Buffer.alloc(32).toString('base64') };
  expect(loadConfig({ ...base, APEX_TEAM_QUOTA: 'pods=50, cpu=8,memory=16Gi' }).APEX_TEAM_QUOTA).toEqual({ pods: 50, cpu: '8', memory: '16Gi' });
  expect(loadConfig(base).APEX_TEAM_QUOTA).toBeUndefined();
  for (const wrong of ['pods=many', 'disks=3', 'cpu', 'memory=-1Gi']) expect(() => loadConfig({ ...base, APEX_TEAM_QUOTA: wrong })).toThrow('APEX_TEAM_QUOTA: must be a list of');
});
