import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { graphql, http, type HttpAnswer } from '../support/http.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const PASSWORD = 'correct horse battery';
const EMAIL = 'operator@example.com';
const VIEWER = '{ viewer { name email isOperator } }';
const SIGN_IN = 'mutation ($input: SignInInput!) { signIn(input: $input) { email } }';

describe('sessions', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer({ env: { APEX_OPEN_SIGNUP: '1', APEX_CORS_ORIGINS: 'https://dashboard.example' } });
    const set = await graphql(server.url, server.token, 'mutation ($input: UpdateAccountInput!) { updateAccount(input: $input) { email isOperator } }', { input: { email: EMAIL, password: PASSWORD } });
    expect(set.body.data.updateAccount).toEqual({ email: EMAIL, isOperator: true });
  });
  beforeEach(() => server.database.orm.em.getConnection().execute('delete from costly_call'));
  afterAll(() => server?.stop());

  const signIn = (email = EMAIL, password = PASSWORD): Promise<HttpAnswer> => graphql(server.url, null, SIGN_IN, { input: { email, password } });
  const cookieOf = (answer: HttpAnswer): string => answer.headers.get('set-cookie')!.split(';', 1)[0]!;
  const session = async (): Promise<string> => cookieOf(await signIn());
  const asked = (cookie: string, headers: Record<string, string> = { origin: server.url }, query = VIEWER) => http(`${server.url}/graphql`, { json: { query }, headers: { cookie, ...headers } });

  it('begins with the password and lives in a cookie that no script and no other site can use', async () => {
    const answer = await signIn(EMAIL.toUpperCase());
    expect(answer.body.data.signIn.email).toBe(EMAIL);
    expect(answer.headers.get('set-cookie')).toMatch(/^apex_session=apex_[\w-]{43}; Path=\/graphql; Expires=[^;]+; HttpOnly; SameSite=Strict$/);
    expect(answer.text).not.toContain('apex_');
    expect((await asked(cookieOf(answer))).body.data.viewer).toEqual({ name: 'Operator', email: EMAIL, isOperator: true });
  });

  it.each([
    ['another site', { origin: 'https://evil.example' }],
    ['an opaque origin', { origin: 'null' }],
    ['nobody says where from', {}],
    ['another site, which hides its origin', { 'sec-fetch-site': 'cross-site' }],
    ['a look-alike', { origin: 'http://127.0.0.1.evil.example' }],
  ])('is worth nothing from %s', async (_, headers: Record<string, string>) => {
    expect((await asked(await session(), headers)).status).toBe(401);
  });

  it.each<Record<string, string>>([{ origin: 'https://dashboard.example' }, { 'sec-fetch-site': 'same-origin' }])('holds from %j', async (headers) => {
    expect((await asked(await session(), headers)).body.data.viewer.email).toBe(EMAIL);
  });

  it('is for GraphQL alone: neither REST nor a bearer takes it, and a token is no cookie', async () => {
    const cookie = await session();
    const secret = cookie.split('=')[1]!;
    expect((await http(`${server.url}/api/services`, { headers: { cookie, origin: server.url } })).status).toBe(401);
    expect((await http(`${server.url}/api/services`, { token: secret })).status).toBe(401);
    expect((await graphql(server.url, secret, VIEWER)).status).toBe(401);
    expect((await asked(`apex_session=${server.token}`)).status).toBe(401);
  });

  it('a wrong password and an unknown address are refused alike, and for about the same work', async () => {
    const wrong = await signIn(EMAIL, 'wrong horse battery');
    const unknown = await signIn('nobody@example.com');
    const bare = ({ status, text }: HttpAnswer) => [status, text.replace(/"requestId":"[^"]+"/, '')];
    expect(bare(wrong)).toEqual(bare(unknown));
    expect(wrong.status).toBe(401);
    expect(wrong.headers.get('set-cookie')).toBeNull();
    // The server is in this process: what an answer costs, however busy the machine is with others.
    const cost = async (email: string) => {
      const before = process.cpuUsage();
      await signIn(email, 'wrong horse battery');
      return process.cpuUsage(before).user;
    };
    const [known, none] = [Math.min(await cost(EMAIL), await cost(EMAIL)), Math.min(await cost('a@example.com'), await cost('b@example.com'))];
    expect(none).toBeGreaterThan(known / 3);
  });

  it('guessing is limited', async () => {
    const codes: string[] = [];
    for (let attempt = 0; attempt < 12; attempt += 1) codes.push((await signIn(EMAIL, 'wrong horse battery')).body.errors[0].extensions.code);
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(2);
  });

  it('ends with sign-out, its sockets too, and the next sign-in works with the dead cookie still there', async () => {
    const cookie = await session();
    class FromPage extends WebSocket {
      constructor(address: string, protocols: string | string[]) {
        super(address, protocols, { headers: { cookie }, origin: server.url });
      }
    }
    let opened: () => void;
    const open = new Promise<void>((resolve) => (opened = resolve));
    const closed = new Promise<number>((resolve) => {
      const client = createClient({
        url: `${server.url.replace('http', 'ws')}/graphql`, webSocketImpl: FromPage, lazy: false, retryAttempts: 0, onNonLazyError: () => undefined,
        on: { connected: () => opened(), closed: (event) => resolve((event as { code: number }).code) },
      });
      void client;
    });
    await open;
    const since = performance.now();
    const out = await asked(cookie, { origin: server.url }, 'mutation { signOut }');
    expect(out.body).toEqual({ data: { signOut: true } });
    expect(out.headers.get('set-cookie')).toMatch(/^apex_session=; .*Expires=Thu, 01 Jan 1970/);
    expect(await closed).toBe(4401);
    expect(performance.now() - since).toBeLessThan(2_000);
    expect((await asked(cookie)).status).toBe(401);
    const again = await http(`${server.url}/graphql`, { json: { query: SIGN_IN, variables: { input: { email: EMAIL, password: PASSWORD } } }, headers: { cookie, origin: server.url } });
    expect(again.body.data.signIn.email).toBe(EMAIL);
  });

  it('a socket from another site gets nothing', async () => {
    const cookie = await session();
    const code = await new Promise<number>((resolve) => {
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers: { cookie }, origin: 'https://evil.example' });
      socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init' })));
      socket.on('close', resolve);
    });
    expect(code).toBe(4401);
  });

  it('a new password ends the others, and needs the old one', async () => {
    const [mine, other] = [await session(), await session()];
    const change = (input: object) => http(`${server.url}/graphql`, { json: { query: 'mutation ($input: UpdateAccountInput!) { updateAccount(input: $input) { id } }', variables: { input } }, headers: { cookie: mine, origin: server.url } });
    expect((await change({ password: 'another horse battery' })).body.errors[0].extensions.faults).toEqual([{ path: 'input.currentPassword', message: 'is not the password of this account' }]);
    expect((await change({ password: 'another horse battery', currentPassword: PASSWORD })).body.errors).toBeUndefined();
    expect([(await asked(mine)).status, (await asked(other)).status, (await signIn()).status]).toEqual([200, 401, 401]);
    await change({ password: PASSWORD, currentPassword: 'another horse battery' });
  });

  it('where the installation is open, one signs up; the address opens no team before it is shown to be one\'s own', async () => {
    const up = (email: string) => graphql(server.url, null, 'mutation ($input: SignUpInput!) { signUp(input: $input) { id email isOperator } }', { input: { email, name: 'Zoe', password: PASSWORD } });
    const answer = await up('zoe@example.com');
    expect(answer.body.data.signUp).toMatchObject({ email: 'zoe@example.com', isOperator: false });
    expect((await asked(cookieOf(answer))).body.data.viewer.name).toBe('Zoe');
    expect((await up('Zoe@example.com')).body.errors[0].extensions.faults).toEqual([{ path: 'input.email', message: 'has an account already' }]);
    const team = (await http(`${server.url}/api/teams`, { token: server.token, json: { name: 'Engineering' } })).body;
    const added = await http(`${server.url}/api/teams/${team.id}/members`, { token: server.token, json: { email: 'zoe@example.com', role: 'ADMIN' } });
    expect(added.body).toMatchObject({ status: 'PENDING', accountId: null });
    const token = new URL(added.body.inviteUrl).searchParams.get('token');
    const accepted = await http(`${server.url}/api/invitations/accept`, { json: { token, password: PASSWORD } });
    expect([accepted.status, accepted.body.account.id, accepted.body.team.role]).toEqual([200, answer.body.data.signUp.id, 'ADMIN']);
  });

  it('no password is in the database or in the log', async () => {
    const kept = JSON.stringify(await server.database.orm.em.getConnection().execute('select to_jsonb(account) from account union all select to_jsonb(audit_event) from audit_event union all select to_jsonb(costly_call) from costly_call'));
    expect(kept).not.toContain(PASSWORD);
    expect(server.log()).not.toContain(PASSWORD);
    expect(server.log()).not.toMatch(/apex_[\w-]{43}/);
  });
});

it('where it is not open, nobody signs up', async () => {
  const server = await startTestServer();
  try {
    const answer = await graphql(server.url, null, 'mutation { signUp(input: { email: "a@example.com", name: "A", password: "correct horse battery" }) { id } }');
    expect(answer.body.errors[0].extensions.code).toBe('FORBIDDEN');
  } finally {
    await server.stop();
  }
});
