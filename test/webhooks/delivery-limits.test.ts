import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BodyRoom } from '../../src/webhooks/raw-body.js';
import { deliver, SECRET } from '../support/github.js';
import { http, httpFrom } from '../support/http.js';
import { insertRunningService } from '../support/rows.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const body = '{}';

describe('the limits of deliveries', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer({ env: { APEX_GITHUB_WEBHOOK_SECRET: SECRET, APEX_RATE_LIMIT: '5' } });
  });
  afterAll(() => server?.stop());

  it('are apart from those of requests', async () => {
    for (let n = 0; n < 20; n += 1) expect((await deliver(server, { event: 'ping' })).status).toBe(200);
    expect((await http(`${server.url}/api/teams`, { token: server.token })).headers.get('ratelimit-remaining')).toBe('4');
  });

  it('429: the 61st of a minute without a signature that holds, and never one whose signature does', async () => {
    for (let n = 0; n < 60; n += 1) expect((await deliver(server, { body, ...(n % 2 ? { signature: null } : { secret: 'another secret of somebody' }) })).status).toBe(401);
    for (const wish of [{ signature: null }, { secret: 'another secret of somebody' }]) {
      const answer = await deliver(server, { body, ...wish });
      expect(answer).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    for (const name of ['x-forwarded-for', 'forwarded', 'x-real-ip']) expect((await deliver(server, { body, signature: null, headers: { [name]: '203.0.113.9' } })).status).toBe(429);
    expect((await deliver(server, { event: 'ping' })).status).toBe(200);
    expect(await httpFrom('127.0.0.3', `${server.url}/api/webhooks/github`)).toBe(405);
  });

  it('429: beyond 6,000 signed ones of a minute; those of a service with a secret of its own go on', async () => {
    const service = await insertRunningService(server.database, 'web');
    const { body: webhook } = await http(`${server.url}/api/services/${service.id}/webhook`, { method: 'POST', token: server.token });
    await server.database.orm.em.getConnection().execute(`insert into rate_limit (key, points, expire) values ('signed:server', 5999, (extract(epoch from now()) * 1000 + 60000)::bigint) on conflict (key) do update set points = 5999`);
    expect((await deliver(server, { event: 'ping' })).status).toBe(200);
    expect(await deliver(server, { event: 'ping' })).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
    expect((await deliver(server, { event: 'ping', service: service.id, secret: webhook.secret })).status).toBe(200);
  });

  it('hold for the bodies of all together, until some memory is free again', () => {
    const room = new BodyRoom(100);
    const [first, second] = [room.hold(), room.hold()];
    first.take(60);
    second.take(40);
    expect(() => second.take(1)).toThrow(expect.objectContaining({ code: 'UNAVAILABLE', retryAfterSeconds: expect.any(Number) }));
    first.release();
    first.release();
    second.take(60);
    expect(() => second.take(1)).toThrow('Too many deliveries');
  });
});
