import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { bucketOf, clientAddress } from '../../src/limits/client-address.js';
import { graphql, http, httpFrom } from '../support/http.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const LIMIT = 100;

describe('the limit of requests', () => {
  let server: TestServer;
  let second: TestServer;
  let proxied: TestServer;

  beforeAll(async () => {
    server = await startTestServer({ env: { APEX_RATE_LIMIT: String(LIMIT) } });
    second = await startTestServer({ beside: server, env: { APEX_RATE_LIMIT: String(LIMIT) } });
    proxied = await startTestServer({ env: { APEX_RATE_LIMIT: '5', APEX_TRUSTED_PROXIES: '1' } });
  });
  afterAll(async () => {
    await second?.stop();
    await Promise.all([server?.stop(), proxied?.stop()]);
  });
  /** A new minute for everyone. */
  const forget = (of: TestServer) => of.database.orm.em.getConnection().execute('truncate rate_limit');

  it('counts REST and GraphQL together over all servers: the 101st of a minute is a 429 with the true time to wait', async () => {
    const begun = Date.now();
    const calls = [];
    for (let n = 0; n < LIMIT; n += 1) {
      const { url } = n % 2 ? server : second;
      calls.push(n % 4 < 2 ? http(`${url}/api/teams`, { token: server.token }) : graphql(url, server.token, '{ viewer { id } }'));
    }
    const answers = await Promise.all(calls);
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: LIMIT }, () => 200));
    expect(answers[0]!.headers.get('ratelimit-policy')).toBe('100;w=60');
    expect(answers.map(({ headers }) => Number(headers.get('ratelimit-remaining'))).sort((a, b) => a - b)).toEqual(Array.from({ length: LIMIT }, (_, n) => n));

    const refused = await http(`${server.url}/api/services`, { token: server.token });
    expect(refused).toMatchObject({ status: 429, body: { title: 'Rate limited', status: 429, code: 'RATE_LIMITED' } });
    const wait = Number(refused.headers.get('retry-after'));
    const elapsed = (Date.now() - begun) / 1000;
    expect(wait).toBeGreaterThanOrEqual(Math.floor(60 - elapsed));
    expect(wait).toBeLessThanOrEqual(60);
    expect(refused.headers.get('ratelimit-remaining')).toBe('0');

    const other = await graphql(second.url, server.token, '{ viewer { id } }');
    expect(other).toMatchObject({ status: 429, body: { errors: [{ extensions: { code: 'RATE_LIMITED', retryAfterSeconds: Number(other.headers.get('retry-after')) } }] } });
    for (const path of ['/healthz', '/readyz', '/metrics', '/api/openapi.json', '/api/docs']) expect((await http(server.url + path)).status).toBe(200);
    expect(await httpFrom('127.0.0.2', `${server.url}/api/teams`, { authorization: `Bearer ${server.token}` })).toBe(200);
    for (const [name, value] of [['x-forwarded-for', '203.0.113.9'], ['forwarded', 'for=203.0.113.9'], ['x-real-ip', '203.0.113.9'], ['x-forwarded-for', '127.0.0.1, 203.0.113.9']] as const) {
      expect((await http(`${server.url}/api/teams`, { token: server.token, headers: { [name]: value } })).status).toBe(429);
    }
  });

  it('counts each root field beyond the first, whatever it is called', async () => {
    const remaining = async (query: string): Promise<number> => {
      const answer = await graphql(proxied.url, proxied.token, query);
      return Number(answer.headers.get('ratelimit-remaining'));
    };
    await forget(proxied);
    expect(await remaining('{ viewer { id } }')).toBe(4);
    expect(await remaining('{ a: viewer { id } b: viewer { id } }')).toBe(2);
    const over = await graphql(proxied.url, proxied.token, '{ ...f } fragment f on Query { a: viewer { id } b: viewer { id } c: teams { id } }');
    expect(over.status).toBe(429);
    expect(over.text).not.toContain('"data"');
  });

  it('counts the operations of a WebSocket', async () => {
    await forget(proxied);
    const address = { headers: { 'x-forwarded-for': '198.51.100.77' } };
    class FromElsewhere extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, address);
      }
    }
    const client = createClient({ url: `${proxied.url.replace('http', 'ws')}/graphql`, webSocketImpl: FromElsewhere, connectionParams: { Authorization: `Bearer ${proxied.token}` }, retryAttempts: 0, lazy: false, onNonLazyError: () => undefined });
    const codes: string[] = [];
    for (let n = 0; n < 6; n += 1) {
      const answer = await client.iterate({ query: '{ viewer { id } }' }).next().catch((errors: { extensions: { code: string } }[]) => ({ value: { errors } }));
      codes.push((answer.value as any).errors?.[0].extensions.code ?? 'OK');
    }
    await client.dispose();
    // The upgrade was the first of the five.
    expect(codes).toEqual(['OK', 'OK', 'OK', 'OK', 'RATE_LIMITED', 'RATE_LIMITED']);
    expect((await http(`${proxied.url}/api/teams`, { token: proxied.token, ...address })).status).toBe(429);
  });

  it('believes as many proxies as it was told of, and no more', async () => {
    await forget(proxied);
    const call = (forwarded: string) => http(`${proxied.url}/api/teams`, { token: proxied.token, headers: { 'x-forwarded-for': forwarded } }).then(({ status }) => status);
    for (let n = 0; n < 5; n += 1) expect(await call(`10.0.0.${n}, 203.0.113.1`)).toBe(200);
    expect(await call('198.51.100.1, 203.0.113.1')).toBe(429);
    expect(await call('203.0.113.1, 198.51.100.1')).toBe(200);
  });

  it('knows one client by all of its addresses', () => {
    expect(clientAddress('::ffff:192.0.2.1', undefined, 0)).toBe('192.0.2.1');
    expect(bucketOf(clientAddress('::ffff:192.0.2.1', undefined, 0))).toBe(bucketOf('192.0.2.1'));
    expect(bucketOf('2001:db8:1:2:3:4:5:6')).toBe(bucketOf('2001:db8:1:2::1'));
    expect(bucketOf('2001:db8:1:2::1')).not.toBe(bucketOf('2001:db8:1:3::1'));
    expect(clientAddress('10.0.0.1', '1.1.1.1, 2.2.2.2, 3.3.3.3', 2)).toBe('2.2.2.2');
    expect(clientAddress('10.0.0.1', 'nonsense', 1)).toBe('10.0.0.1');
    expect(clientAddress('10.0.0.1', '::ffff:203.0.113.7', 1)).toBe('203.0.113.7');
  });
});
