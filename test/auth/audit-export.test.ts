import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Role } from '../../src/entities/roles.js';
import { http } from '../support/http.js';
import { PAUSE, UPDATE } from '../support/operations.js';
import { TestApi, type TestAccount } from '../support/test-api.js';
import { openDoors } from '../support/test-doors.js';
import { createWorld, NOWHERE, type World } from '../support/world.js';

/** More than two pages of the export. */
const EVENTS = 1_100;

let api: TestApi;
let doors: { url: string; close: () => Promise<void> };
let ada: TestAccount;
let world: World;

beforeAll(async () => {
  api = await TestApi.start();
  doors = await openDoors(api);
  ada = await api.account('Ada');
  world = await createWorld(api, ada);
  await api.run(ada.token, UPDATE, { id: world.serviceId, input: { env: { API_KEY: 'canary-of-the-export' } } });
  await api.run(ada.token, PAUSE, { id: world.serviceId, pause: true });
  // Several in one millisecond, as on a busy day.
  await api.em.execute(
    `insert into audit_event (id, team_id, actor, action, outcome, ip, door, request_id, created_at)
     select gen_random_uuid(), ?, 'Ada', 'redeployService', 'OK', '192.0.2.1', 'rest', gen_random_uuid()::text, '2026-01-01'::timestamptz + (n / 7) * interval '1 millisecond' from generate_series(1, ${EVENTS}) n`,
    [world.teamId],
  );
});
afterAll(async () => {
  await doors.close();
  await api.stop();
});

const log = (token: string | null, { teamId = world.teamId, accept = 'application/x-ndjson', query = '' } = {}) => http(`${doors.url}/api/teams/${teamId}/audit-log${query}`, { token, headers: { accept } });
const lines = (text: string): any[] => text.trim().split('\n').map((line) => JSON.parse(line));

test('all of it comes, each event once, newest first, one a line', async () => {
  const answer = await log(ada.token);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/x-ndjson; charset=utf-8']);
  const events = lines(answer.text);
  const [{ count }] = await api.em.execute<[{ count: string }]>('select count(*) from audit_event where team_id = ?', [world.teamId]);
  expect([events.length, new Set(events.map(({ id }) => id)).size]).toEqual([Number(count), Number(count)]);
  expect(events.length).toBeGreaterThan(EVENTS);
  const times = events.map(({ createdAt }) => createdAt);
  expect(times).toEqual([...times].sort().reverse());
  const [paused, updated] = events;
  expect(paused).toMatchObject({ actor: 'Ada', accountId: ada.id, tokenId: ada.tokenId, action: 'pauseService', targetKind: 'service', targetId: world.serviceId, outcome: 'OK', ip: '192.0.2.1', door: 'rest' });
  expect(JSON.parse(updated.after).env).toEqual(['API_KEY=•••']);
  expect(answer.text).not.toContain('canary');
});

test('a filter holds for the export, too; without its media type it is a page', async () => {
  expect(lines((await log(ada.token, { query: '?action=pauseService' })).text)).toHaveLength(1);
  expect((await log(ada.token, { query: `?since=${new Date(Date.now() + 60_000).toISOString()}` })).text).toBe('');
  const page = await log(ada.token, { accept: 'application/json', query: '?limit=3' });
  expect([page.body.length, page.headers.get('link')]).toEqual([3, expect.stringContaining('rel="next"')]);
});

test('a token that is revoked meanwhile gets no further page', async () => {
  const token = await api.tokenOf(ada, { scopes: ['admin'] });
  const holder = api.database.orm.em.fork();
  await holder.begin();
  await holder.execute('lock table audit_event in access exclusive mode');
  const asked = fetch(`${doors.url}/api/teams/${world.teamId}/audit-log`, { headers: { authorization: `Bearer ${token}`, accept: 'application/x-ndjson' } });
  try {
    // Its first page is being read: the token was good then.
    for (let waits = false; !waits; ) {
      [{ waits }] = await api.em.execute<[{ waits: boolean }]>(`select exists (select 1 from pg_locks where relation = 'audit_event'::regclass and not granted) as waits`);
    }
    await api.em.execute('update token set revoked_at = now() where id = (select id from token where account_id = ? order by created_at desc limit 1)', [ada.id]);
  } finally {
    await holder.rollback();
  }
  const answer = await asked;
  let text = '';
  const read = async (): Promise<void> => {
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) text += chunk;
  };
  await expect(read()).rejects.toThrow('terminated');
  expect([answer.status, lines(text).length]).toEqual([200, 500]);
});

test('it is for an ADMIN of the team; a foreign one looks like one that is missing', async () => {
  const [viewer, eve] = [await api.account('Viewer'), await api.account('Eve')];
  await api.addMember(world.teamId, viewer, Role.VIEWER);
  expect((await log(null)).status).toBe(401);
  expect((await log(viewer.token)).status).toBe(403);
  const [foreign, missing] = [await log(eve.token), await log(eve.token, { teamId: NOWHERE.teamId })];
  const bare = ({ status, text }: { status: number; text: string }) => [status, text.replace(/"requestId":"[^"]+"/, '')];
  expect(bare(foreign)).toEqual(bare(missing));
  expect(foreign.status).toBe(404);
});
