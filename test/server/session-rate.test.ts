import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { graphql, http, type HttpAnswer } from '../support/http.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const LOGIN = { email: 'operator@example.com', password: 'correct horse battery' };
const SIGN_IN = 'mutation ($input: SignInInput!) { signIn(input: $input) { id } }';
const VIEWER = '{ viewer { id } }';
const OF_ADDRESS = 20;
const OF_SESSION = 600;

let server: TestServer;
let cookie: string;

beforeAll(async () => {
  server = await startTestServer({ env: { APEX_RATE_LIMIT: String(OF_ADDRESS) } });
  await graphql(server.url, server.token, 'mutation ($input: UpdateAccountInput!) { updateAccount(input: $input) { id } }', { input: LOGIN });
  const answer = await graphql(server.url, null, SIGN_IN, { input: LOGIN });
  cookie = answer.headers.get('set-cookie')!.split(';')[0]!;
});
afterAll(() => server?.stop());

const fromPage = (query = VIEWER, sent = cookie): Promise<HttpAnswer> => http(`${server.url}/graphql`, { json: { query }, headers: { cookie: sent, origin: server.url } });
const remaining = ({ headers }: HttpAnswer): [string | null, number] => [headers.get('ratelimit-policy'), Number(headers.get('ratelimit-remaining'))];

it('a session has an allowance of its own, whatever its address has used up', async () => {
  const [policy, left] = remaining(await fromPage());
  expect([policy, left]).toEqual([`${OF_SESSION};w=60`, OF_SESSION - 1]);
  expect(remaining(await fromPage('{ a: viewer { id } b: viewer { id } c: viewer { id } }'))).toEqual([`${OF_SESSION};w=60`, OF_SESSION - 4]);
  const codes = await Promise.all(Array.from({ length: OF_ADDRESS + 5 }, async () => (await http(`${server.url}/api/teams`, { token: server.token })).status));
  expect(codes).toContain(429);
  expect((await http(`${server.url}/api/teams`, { token: server.token })).status).toBe(429);
  expect((await fromPage()).status).toBe(200);
});

it('one that does not hold, or comes from another page, or to REST, spends what its address has', async () => {
  expect((await fromPage(VIEWER, `apex_session=apex_${'x'.repeat(43)}`)).status).toBe(429);
  expect((await http(`${server.url}/graphql`, { json: { query: VIEWER }, headers: { cookie, origin: 'https://evil.example' } })).status).toBe(429);
  expect((await http(`${server.url}/api/teams`, { headers: { cookie, origin: server.url } })).status).toBe(429);
  expect((await http(`${server.url}/graphql`, { token: server.token, json: { query: VIEWER }, headers: { cookie, origin: server.url } })).status).toBe(429);
});

it('its sockets spend from it, too; and when it is used up, the page is told how long', async () => {
  class FromPage extends WebSocket {
    constructor(address: string, protocols: string | string[]) {
      super(address, protocols, { headers: { cookie }, origin: server.url });
    }
  }
  const [, before] = remaining(await fromPage());
  // Connects at once, so the count is taken before it is made.
  const client = createClient({ url: `${server.url.replace('http', 'ws')}/graphql`, webSocketImpl: FromPage, retryAttempts: 0, lazy: false, onNonLazyError: () => undefined });
  for (let asked = 0; asked < 3; asked += 1) await client.iterate({ query: VIEWER }).next();
  // The upgrade, three operations, and this request.
  expect(remaining(await fromPage())[1]).toBe(before - 5);
  await client.dispose();
  await server.database.orm.em.getConnection().execute(`update rate_limit set points = ${OF_SESSION} where key like 'session:%'`);
  const over = await fromPage();
  expect(over).toMatchObject({ status: 429, body: { errors: [{ extensions: { code: 'RATE_LIMITED' } }] } });
  expect(over.body.errors[0].message).toContain('came from this session');
  expect(Number(over.headers.get('retry-after'))).toBeGreaterThan(0);
});
