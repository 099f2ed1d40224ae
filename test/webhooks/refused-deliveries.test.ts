import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHmac, randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { AutoDeploy } from '../../src/entities/service-source.js';
import type { Service } from '../../src/entities/service.js';
import { deliver, EXAMPLES, push, pushOf, REPOSITORY, SECRET, type DeliveryWish } from '../support/github.js';
import { graphql, http } from '../support/http.js';
import { insertRunningService } from '../support/rows.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const MEBIBYTE = 1024 * 1024;
const hmac = (secret: string, body: string | Buffer): string => `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

describe('a delivery that is not believed', () => {
  let server: TestServer;
  let secretless: TestServer;
  let service: Service;

  beforeAll(async () => {
    server = await startTestServer({ env: { APEX_GITHUB_WEBHOOK_SECRET: SECRET } });
    secretless = await startTestServer();
    service = await insertRunningService(server.database, 'web', { source: { repository: REPOSITORY, branch: 'main', path: null, autoDeploy: AutoDeploy.IMAGE } });
    await insertRunningService(secretless.database, 'web', { source: { repository: REPOSITORY, branch: 'main', path: null, autoDeploy: AutoDeploy.IMAGE } });
  });
  afterAll(() => Promise.all([server?.stop(), secretless?.stop()]));

  const traces = (of: TestServer) =>
    of.database.orm.em.getConnection().execute(`select (select count(*) from webhook_delivery) as deliveries, (select count(*) from deployment) as deployments, (select count(*) from pgboss.job) as jobs`);
  const refused = async (of: TestServer, wish: DeliveryWish, status: number, code: string): Promise<string> => {
    const before = await traces(of);
    const answer = await deliver(of, wish);
    expect(answer).toMatchObject({ status, body: { status, code } });
    expect(answer.text).not.toContain(SECRET);
    expect(await traces(of)).toEqual(before);
    return answer.text.replace(answer.body.requestId, 'ID');
  };

  const body = JSON.stringify(pushOf());

  it.each<[string, DeliveryWish]>([
    ['no signature', { signature: null }],
    ['an empty signature', { signature: '' }],
    ['a signature in the old form', { signature: `sha1=${createHmac('sha1', SECRET).update(body).digest('hex')}` }],
    ['a signature that is no hexadecimal', { signature: `sha256=${'z'.repeat(64)}` }],
    ['a signature that is too short', { signature: hmac(SECRET, body).slice(0, -2) }],
    ['a signature that is too long', { signature: `${hmac(SECRET, body)}00` }],
    ['a signature of another body', { signature: hmac(SECRET, `${body} `) }],
    ['a signature with another secret', { secret: 'another secret of somebody' }],
    ['a signature with an empty secret', { signature: hmac('', body) }],
    ['a signature that differs in its last digit', { signature: hmac(SECRET, body).replace(/.$/, (digit) => (digit === '0' ? '1' : '0')) }],
    ['an API token in its place', { signature: null, headers: { authorization: `Bearer ${SECRET}` } }],
    ['the secret of the installation for a service without a webhook', { service: 'SERVICE' }],
    ['the secret of the installation for no service', { service: randomUUID() }],
    ['the secret of the installation for what is no id', { service: "1' or '1'='1" }],
    ['an empty secret for a service without a webhook', { service: 'SERVICE', signature: hmac('', body) }],
  ])('401: %s', async (_what, wish) => {
    await refused(server, { body, ...wish, ...(wish.service === 'SERVICE' && { service: service.id }) }, 401, 'UNAUTHENTICATED');
  });

  it('looks the same for a service that is missing, one without a webhook and a wrong signature', async () => {
    const seen = new Set<string>();
    for (const wish of [{ service: randomUUID() }, { service: service.id }, { secret: 'another secret of somebody' }]) seen.add(await refused(server, { body, ...wish }, 401, 'UNAUTHENTICATED'));
    expect(seen.size).toBe(1);
  });

  it('401: everything, where no secret is set', async () => {
    for (const secret of [SECRET, 'undefined', 'null', 'a']) await refused(secretless, { body, secret }, 401, 'UNAUTHENTICATED');
    await refused(secretless, { body, signature: hmac('', body) }, 401, 'UNAUTHENTICATED');
  });

  it('is held to the bytes, and not to what they mean', async () => {
    const spaced = JSON.stringify(pushOf(), null, 2);
    await refused(server, { body: spaced, signature: hmac(SECRET, JSON.stringify(JSON.parse(spaced))) }, 401, 'UNAUTHENTICATED');
    expect((await deliver(server, { body: spaced, event: 'ping' })).status).toBe(200);
  });

  it.each<[string, string | Buffer]>([
    ['nothing', ''],
    ['no JSON', '{"ref":'],
    ['no UTF-8', Buffer.concat([Buffer.from('{"ref":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')])],
    ['a list', '[]'],
    ['null', 'null'],
    ['nothing of a push', '{"repository":{"full_name":"a/b"}}'],
    ['a repository that is none', JSON.stringify({ ...pushOf(), repository: [] })],
    ['a ref that is none', JSON.stringify({ ...pushOf(), ref: { toString: 'main' } })],
    ['commits that are none', JSON.stringify({ ...pushOf(), commits: { length: 1 } })],
    ['a commit that is none', JSON.stringify({ ...pushOf(), after: '$(id)' })],
    ['brackets without end', '['.repeat(MEBIBYTE)],
  ])('400: signed, but %s; and the server goes on', async (_what, content) => {
    const text = await refused(server, { body: content, signature: hmac(SECRET, content) }, 400, 'BAD_REQUEST');
    expect(text).not.toMatch(/zod|node_modules|\.js/);
    expect((await http(`${server.url}/healthz`)).status).toBe(200);
  });

  it('400: signed, but without the headers that GitHub sends', async () => {
    await refused(server, { body, id: null }, 400, 'BAD_REQUEST');
    await refused(server, { body, id: "'; drop table service; --" }, 400, 'BAD_REQUEST');
    await refused(server, { body, event: 'Push Event' }, 400, 'BAD_REQUEST');
  });

  it('405, 415 and 404 for what is no delivery', async () => {
    const wrong = await http(`${server.url}/api/webhooks/github`, { token: server.token });
    expect(wrong).toMatchObject({ status: 405, body: { code: 'METHOD_NOT_ALLOWED' } });
    expect(wrong.headers.get('allow')).toBe('POST');
    await refused(server, { body, headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415, 'UNSUPPORTED_MEDIA_TYPE');
    await refused(server, { body, headers: { 'content-encoding': 'gzip' } }, 415, 'UNSUPPORTED_MEDIA_TYPE');
    expect((await http(`${server.url}/api/webhooks/github/more`, { token: server.token, method: 'POST' })).status).toBe(404);
    expect((await http(`${server.url}/api/webhooks/github?service=a&service=b`, { method: 'POST', headers: { 'x-hub-signature-256': hmac(SECRET, '') } })).status).toBe(400);
  });

  it('413: over 25 MiB, before it is read; one just below is read', async () => {
    const large = Buffer.alloc(25 * MEBIBYTE - 2, ' ');
    large.write('{}');
    expect((await deliver(server, { event: 'ping', body: large, signature: hmac(SECRET, large) })).body).toMatchObject({ outcome: 'PONG' });
    expect(await raw(server, `Content-Length: ${25 * MEBIBYTE + 1}\r\nX-Hub-Signature-256: ${hmac(SECRET, '')}\r\nContent-Type: application/json\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('413: a body without a length is read no further than the limit', async () => {
    const chunk = `${MEBIBYTE.toString(16)}\r\n${'x'.repeat(MEBIBYTE)}\r\n`;
    const head = `Transfer-Encoding: chunked\r\nX-Hub-Signature-256: ${hmac(SECRET, '')}\r\nContent-Type: application/json\r\n\r\n`;
    const answer = await raw(server, head + chunk.repeat(26));
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toMatch(/\r\nConnection: close\r\n/i);
  });

  it('is not read at all where it carries no signature', async () => {
    const answer = await raw(server, `Content-Length: ${20 * MEBIBYTE}\r\nContent-Type: application/json\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer).toMatch(/\r\nConnection: close\r\n/i);
  });

  it('is not to be had through GraphQL, whoever asks', async () => {
    const call = (value: unknown) => graphql(server.url, server.token, 'mutation ($input: ForgeEventInput!) { receiveGithubEvent(input: $input) { outcome } }', { input: { headers: [], body: value } });
    expect((await call('e30=')).body.errors[0].extensions.code).toBe('BAD_REQUEST');
    expect((await call({ type: 'Buffer', data: [123, 125] })).body.errors[0].extensions.code).toBe('BAD_REQUEST');
    const literal = await graphql(server.url, server.token, 'mutation { receiveGithubEvent(input: { headers: [], body: "e30=" }) { outcome } }');
    expect(literal.status).toBe(400);
  });

  it('leaves no secret and no signature in the log or the database', async () => {
    const { body: webhook } = await http(`${server.url}/api/services/${service.id}/webhook`, { method: 'POST', token: server.token });
    expect(webhook).toEqual({ url: `${server.url}/api/webhooks/github?service=${service.id}`, secret: expect.stringMatching(/^[0-9a-f]{64}$/) });
    await push(server);
    await push(server, {}, { service: service.id, secret: webhook.secret });
    await deliver(server, { body, secret: webhook.secret });
    const tables = await server.database.orm.em.getConnection().execute<{ name: string }[]>(`select format('%I.%I', table_schema, table_name) as name from information_schema.tables where table_schema in ('public', 'pgboss') and table_type = 'BASE TABLE'`);
    const rows = await Promise.all(tables.map(({ name }) => server.database.orm.em.getConnection().execute<{ row: string }[]>(`select row(t.*)::text as row from ${name} t`)));
    const everything = rows.flat().map(({ row }) => row).join('\n') + server.log();
    for (const secret of [SECRET, webhook.secret, hmac(SECRET, body).slice('sha256='.length), Buffer.from(SECRET).toString('hex')]) expect(everything).not.toContain(secret);
    expect(everything).toContain('GitHub-Hookshot');
  });

  it('takes every event that GitHub has published, and does nothing for those that are not pushes', async () => {
    const before = await server.database.orm.em.getConnection().execute('select count(*) from deployment');
    for (const { name, examples } of EXAMPLES) {
      const answer = await deliver(server, { event: name, payload: examples[0] });
      expect([name, answer.status, answer.body.outcome, answer.body.deployments]).toEqual([name, 200, name === 'ping' ? 'PONG' : 'IGNORED', []]);
    }
    expect(await server.database.orm.em.getConnection().execute('select count(*) from deployment')).toEqual(before);
  });
});

/** The head of the answer to a request that is written by hand, whose sender never finishes. */
function raw(server: TestServer, request: string): Promise<string> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.write(`POST /api/webhooks/github HTTP/1.1\r\nHost: apex\r\n${request}`));
    socket.on('data', (chunk) => {
      text += String(chunk);
      if (!text.includes('\r\n\r\n')) return;
      resolve(text);
      socket.destroy();
    });
    socket.on('error', (error) => (text ? resolve(text) : reject(error)));
  });
}
