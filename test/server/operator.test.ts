import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { http } from '../support/http.js';
import { insertRunningService } from '../support/rows.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const METRICS_TOKEN = 'a-token-for-the-metrics';
const ORIGIN = 'https://dashboard.example.com';

describe('what an operator relies on', () => {
  let server: TestServer;
  let open: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
    open = await startTestServer({ env: { APEX_METRICS_TOKEN: METRICS_TOKEN, APEX_CORS_ORIGINS: ORIGIN } });
    await insertRunningService(server.database, 'measured');
  });
  afterAll(() => Promise.all([server?.stop(), open?.stop()]));

  it('metrics tell of requests, deployments and the queue', async () => {
    await http(`${server.url}/api/services`, { token: server.token });
    await http(`${server.url}/api/services/nonsense`, { token: server.token });
    const { text, headers } = await http(`${server.url}/metrics`);
    expect(headers.get('content-type')).toMatch(/^text\/plain/);
    expect(text).toContain('apex_http_request_seconds_count{method="GET",route="/api/services",status="200"} 1');
    expect(text).toContain('apex_http_request_seconds_count{method="GET",route="/api/services/:id",status="404"} 1');
    expect(text).toContain('apex_deployments{state="LIVE"} 1');
    expect(text).toMatch(/^apex_reconcile_queue\{state="waiting"\} \d+$/m);
    expect(text).toContain('# TYPE apex_kubernetes_call_seconds histogram');
    expect(text).toMatch(/^process_resident_memory_bytes \d+/m);
  });

  it('metrics are for loopback, or for who shows the token', async () => {
    const proxied = { 'x-forwarded-for': '203.0.113.1' };
    expect((await http(`${server.url}/metrics`, { headers: proxied })).status).toBe(401);
    expect((await http(`${open.url}/metrics`, { headers: proxied, token: 'another-token-of-any-kind' })).status).toBe(401);
    expect((await http(`${open.url}/metrics`, { headers: proxied, token: METRICS_TOKEN })).status).toBe(200);
  });

  it('every answer carries the headers of security and its own id', async () => {
    const ids = new Set<string | null>();
    for (const path of ['/api/services', '/api/nothing', '/graphql', '/healthz', '/api/docs', '/nothing']) {
      const { headers } = await http(server.url + path, { headers: { 'x-request-id': 'mine' } });
      ids.add(headers.get('x-request-id'));
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('x-frame-options')).toBe('SAMEORIGIN');
      expect(headers.get('x-powered-by')).toBeNull();
      expect(headers.get('cache-control')).toBeTruthy();
    }
    expect(ids.size).toBe(6);
    expect(ids).not.toContain('mine');
  });

  it('another origin is answered only where it is configured', async () => {
    const from = (of: TestServer, origin: string) => http(`${of.url}/api/services`, { token: of.token, headers: { origin } }).then(({ headers }) => headers.get('access-control-allow-origin'));
    expect(await from(server, ORIGIN)).toBeNull();
    expect(await from(open, ORIGIN)).toBe(ORIGIN);
    expect(await from(open, 'https://evil.example.com')).not.toBe('https://evil.example.com');
    const preflight = await http(`${open.url}/api/deploy`, { method: 'OPTIONS', headers: { origin: ORIGIN, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type' } });
    expect(preflight).toMatchObject({ status: 204 });
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization');
  });

  it('an answer begins within 15 s, also when the database does not answer', async () => {
    const connection = server.database.orm.em.getConnection();
    const tx = await connection.begin();
    await connection.execute('lock table service in access exclusive mode', [], 'run', tx);
    const begun = performance.now();
    const answer = await http(`${server.url}/api/services`, { token: server.token }).finally(() => connection.rollback(tx));
    expect(answer).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(performance.now() - begun).toBeLessThan(15_000);
  }, 30_000);
});
