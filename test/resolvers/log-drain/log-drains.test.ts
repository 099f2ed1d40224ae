import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TestApi, type TestAccount } from '../../support/test-api.js';

const DRAIN = 'id name url sent dropped lastError';
const CREATE = `mutation ($input: CreateLogDrainInput!) { createLogDrain(input: $input) { ${DRAIN} } }`;
const UPDATE = `mutation ($id: ID!, $input: UpdateLogDrainInput!) { updateLogDrain(id: $id, input: $input) { ${DRAIN} } }`;
const DELETE = `mutation ($id: ID!) { deleteLogDrain(id: $id) { id } }`;
const LIST = `query ($teamId: ID!) { logDrains(teamId: $teamId) { ${DRAIN} } }`;

let api: TestApi;
let ada: TestAccount;
beforeAll(async () => {
  api = await TestApi.start();
  ada = await api.account('Ada');
});
afterAll(() => api.stop());

const tokens = () => api.em.execute<{ sealed_token: string | null }[]>('select sealed_token from log_drain order by id');

test('a drain is made, changed and ended; its token is sealed and stays with its host', async () => {
  const created = await api.run(ada.token, CREATE, { input: { name: 'Archive', url: 'https://logs.example.com/in', token: 'Bearer canary' } });
  expect(created.data.createLogDrain).toEqual({ id: expect.any(String), name: 'Archive', url: 'https://logs.example.com/in', sent: 0, dropped: 0, lastError: null });
  const { id } = created.data.createLogDrain;
  const [{ sealed_token: sealed }] = (await tokens()) as [{ sealed_token: string }];
  expect(sealed).not.toContain('canary');
  expect(await api.vault.open(api.em, ada.teamId, id, sealed)).toBe('Bearer canary');
  await api.run(ada.token, UPDATE, { id, input: { url: 'https://logs.example.com/other', name: 'Other' } });
  expect(await tokens()).toEqual([{ sealed_token: sealed }]);
  expect((await api.run(ada.token, UPDATE, { id, input: { url: 'https://thief.example.com/' } })).data.updateLogDrain).toMatchObject({ name: 'Other', url: 'https://thief.example.com/' });
  expect(await tokens()).toEqual([{ sealed_token: null }]);
  expect((await api.run(ada.token, LIST, { teamId: ada.teamId })).data.logDrains).toMatchObject([{ id, name: 'Other' }]);
  await api.run(ada.token, DELETE, { id });
  expect((await api.run(ada.token, LIST, { teamId: ada.teamId })).data.logDrains).toEqual([]);
  expect((await api.run(ada.token, DELETE, { id })).code).toBe('NOT_FOUND');
});

test.each(['http://logs.example.com/', 'ftp://logs.example.com/', 'https://user:secret@logs.example.com/', 'syslog://host:601/path', 'nonsense'])('%s is refused, and nothing is made', async (url) => {
  const before = await api.counts();
  expect(await api.run(ada.token, CREATE, { input: { name: 'Bad', url } })).toMatchObject({ code: 'BAD_REQUEST', faults: [{ path: 'url' }] });
  expect(await api.counts()).toEqual(before);
});

test('a team has at most five', async () => {
  for (let n = 0; n < 5; n += 1) await api.run(ada.token, CREATE, { input: { name: `Drain ${n}`, url: 'syslog+tls://logs.example.com:6514' } });
  expect(await api.run(ada.token, CREATE, { input: { name: 'One more', url: 'https://logs.example.com/' } })).toMatchObject({ code: 'BAD_REQUEST', message: expect.stringContaining('5') });
});
