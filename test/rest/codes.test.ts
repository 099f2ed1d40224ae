import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { http, type HttpAnswer, type HttpWish } from '../support/http.js';
import { insertRunningService } from '../support/rows.js';
import { addAccount } from '../support/second-account.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const DOCUMENTED = { name: 'my-service', image: 'nginx:alpine', containerPort: 80, public: true, replicas: 2, env: { NODE_ENV: 'production' } };

describe('the codes of the REST API', () => {
  let server: TestServer;
  let mine: string;
  let theirs: string;
  let reader: string;

  const call = (path: string, wish: HttpWish = {}): Promise<HttpAnswer> => http(`${server.url}${path}`, { token: server.token, ...wish });

  beforeAll(async () => {
    server = await startTestServer();
    const stranger = await addAccount(server, 'Stranger');
    mine = (await insertRunningService(server.database, 'mine')).id;
    theirs = (await insertRunningService(server.database, 'theirs', { teamId: stranger.teamId })).id;
    reader = (await call('/api/account/token', { json: { name: 'reader', scopes: ['read'] } })).body.token;
  });
  afterAll(() => server?.stop());

  it('200: the list in the documented shape, and one of it', async () => {
    const { status, headers, body } = await call('/api/services');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(body).toEqual([
      {
        id: mine, name: 'mine', image: 'nginx:alpine', status: 'RUNNING', replicas: 2, readyReplicas: 2, containerPort: 80, public: true, url: 'http://mine.apex.localhost',
        environment: 'production', teamId: expect.any(String), paused: false,
        currentDeployment: expect.objectContaining({ serviceId: mine, state: 'LIVE', reason: null, image: 'nginx:alpine', release: null, trigger: 'API', createdAt: expect.any(String), endedAt: expect.any(String) }),
        latestDeployment: expect.objectContaining({ serviceId: mine, state: 'LIVE' }),
        command: null, args: null, healthCheck: null, resources: { cpu: '500m', memory: '256Mi' }, preDeploy: null, deployTimeoutSeconds: null, source: null, statusMessage: null, createdAt: expect.any(String),
      },
    ]);
    expect((await call(`/api/services/${mine}`)).body).toEqual(body[0]);
    expect((await call(`/api/services/${mine}/deployments`)).body).toMatchObject([{ serviceId: mine, state: 'LIVE', steps: [] }]);
    expect((await call(`/api/deployments/${body[0].latestDeployment.id}?wait=30`)).body).toMatchObject({ id: body[0].latestDeployment.id, state: 'LIVE' });
    expect((await call('/api/services/', { method: 'HEAD' })).status).toBe(200);
  });

  it('200: a token is made, listed without its secret, works, and is revoked', async () => {
    const made = await call('/api/account/token', { json: { name: 'once', scopes: ['read'] } });
    expect(made).toMatchObject({ status: 200, body: { id: expect.any(String), token: expect.stringMatching(/^apex_/), name: 'once', scopes: ['read'], expiresAt: null } });
    const { id, token } = made.body;
    expect(await call('/api/teams', { token })).toMatchObject({ status: 200, body: [{ name: 'Personal', role: 'OWNER' }] });
    expect(await call('/api/environments', { token })).toMatchObject({ status: 200, body: [{ name: 'production' }] });
    const listed = await call('/api/account/token');
    expect(listed.body.map((one: { id: string }) => one.id)).toContain(id);
    expect(listed.text).not.toContain(token);
    expect(await call(`/api/account/token/${id}`, { method: 'DELETE' })).toMatchObject({ status: 200, body: { id, revokedAt: expect.any(String) } });
    expect((await call('/api/teams', { token })).status).toBe(401);
    expect((await call('/api/account/token', { method: 'POST' })).status).toBe(200);
  });

  it('a list is whole unless a limit is given, and then says where it goes on', async () => {
    const names = ['page-1', 'page-2', 'page-3'];
    for (const name of names) await insertRunningService(server.database, name);
    expect((await call('/api/services')).headers.get('link')).toBeNull();
    const seen: string[] = [];
    for (let path: string | undefined = '/api/services?limit=2&environment=production'; path; ) {
      const page: HttpAnswer = await call(path);
      seen.push(...page.body.map(({ name }: { name: string }) => name));
      path = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1];
    }
    expect(seen).toEqual(['mine', ...names]);
    expect((await call('/api/services?environment=staging')).body).toEqual([]);
  });

  it.each<[string, string, HttpWish, { path: string; message: string | RegExp }[]]>([
    ['malformed JSON', '/api/deploy', { raw: '{"name":', headers: { 'content-type': 'application/json' } }, []],
    ['a body that is no object', '/api/deploy', { json: [1] }, [{ path: 'body', message: 'must be an object' }]],
    ['nothing', '/api/deploy', { method: 'POST' }, [{ path: 'name', message: 'is required' }]],
    ['neither an image nor what makes one', '/api/deploy', { json: { name: 'web' } }, [{ path: 'image', message: /^is required/ }]],
    ['an unknown key', '/api/deploy', { json: { ...DOCUMENTED, replica: 3 } }, [{ path: 'replica', message: 'is not a known field' }]],
    ['a key of the prototype', '/api/deploy', { raw: '{"name":"a","image":"b","__proto__":{"x":1}}', headers: { 'content-type': 'application/json' } }, [{ path: '__proto__', message: 'is not a known field' }]],
    ['a wrong type', '/api/deploy', { json: { ...DOCUMENTED, containerPort: '80' } }, [{ path: 'containerPort', message: /whole number/ }]],
    ['a port out of range', '/api/deploy', { json: { ...DOCUMENTED, containerPort: 65_536 } }, [{ path: 'containerPort', message: /65535/ }]],
    ['too many replicas', '/api/deploy', { json: { ...DOCUMENTED, replicas: 101 } }, [{ path: 'replicas', message: /0 to 100/ }]],
    ['a name that is no DNS label', '/api/deploy', { json: { ...DOCUMENTED, name: 'My_Service' } }, [{ path: 'name', message: /DNS label/ }]],
    ['a variable that is not POSIX', '/api/deploy', { json: { ...DOCUMENTED, env: { '1BAD': 'x' } } }, [{ path: 'env.1BAD', message: /not a valid name/ }]],
    ['an image that is no reference', '/api/deploy', { json: { ...DOCUMENTED, image: 'nginx alpine' } }, [{ path: 'image', message: /image/ }]],
    ['an unknown scope', '/api/account/token', { json: { scopes: ['root'] } }, [{ path: 'scopes.0', message: 'must be one of admin, deploy, read' }]],
    ['an unknown parameter', '/api/services?enviroment=production', {}, [{ path: 'enviroment', message: 'is not a known parameter' }]],
    ['a parameter that is no number', '/api/services?limit=many', {}, [{ path: 'limit', message: 'must be a whole number' }]],
    ['a limit of nothing', '/api/services?limit=0', {}, [{ path: 'limit', message: /from 1 to/ }]],
    ['a cursor of nowhere', '/api/services?limit=1&cursor=abc', {}, [{ path: 'cursor', message: /cursor/ }]],
    ['a parameter twice', '/api/services?limit=1&limit=2', {}, [{ path: 'limit', message: 'must be given once' }]],
    ['a wait that is too long', `/api/deployments/${randomUUID()}?wait=61`, {}, [{ path: 'wait', message: /0 to 60/ }]],
    ['an invalid body for what does not exist', `/api/services/${randomUUID()}`, { method: 'PATCH', json: { replicas: -1 } }, [{ path: 'replicas', message: /0 to 100/ }]],
    ['an invalid body for a malformed id', '/api/services/nonsense/pause', { json: { pause: 'yes' } }, [{ path: 'pause', message: 'must be true or false' }]],
    ['a body for what takes none', `/api/services/${randomUUID()}/redeploy`, { json: { now: true } }, [{ path: 'now', message: /takes none/ }]],
  ])('400: %s', async (_what, path, wish, errors) => {
    const answer = await call(path, wish);
    expect(answer).toMatchObject({ status: 400, body: { type: 'urn:apex:problem:bad-request', title: 'Bad request', status: 400, code: 'BAD_REQUEST', detail: expect.any(String) } });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body.requestId).toBe(answer.headers.get('x-request-id'));
    expect(answer.body.errors).toEqual(errors.map(({ path: at, message }) => ({ path: at, message: typeof message === 'string' ? message : expect.stringMatching(message) })));
  });

  it.each([
    ['no token', null], ['an unknown token', 'Bearer apex_unknown'], ['another scheme', 'Basic YTpi'], ['an empty token', 'Bearer '],
  ])('401: %s', async (_what, authorization) => {
    for (const [path, wish] of [['/api/services', {}], ['/api/deploy', { json: { nonsense: true } }], [`/api/services/${mine}`, { method: 'DELETE' }]] as const) {
      const answer = await call(path, { ...wish, token: null, headers: authorization === null ? {} : { authorization } });
      expect(answer).toMatchObject({ status: 401, body: { status: 401, code: 'UNAUTHENTICATED' } });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  it('403: a token for reading changes nothing', async () => {
    for (const [path, wish] of [['/api/deploy', { json: DOCUMENTED }], [`/api/services/${mine}`, { method: 'DELETE' }], ['/api/account/token', { json: {} }]] as const) {
      expect(await call(path, { ...wish, token: reader })).toMatchObject({ status: 403, body: { status: 403, code: 'FORBIDDEN' } });
    }
    expect((await call(`/api/services/${mine}`, { token: reader })).body).toMatchObject({ id: mine, status: 'RUNNING' });
  });

  it("404: what is missing, another team's and malformed is the same answer, byte for byte but for the request's id", async () => {
    const seen = new Set<string>();
    for (const id of [randomUUID(), theirs, 'nonsense', '%00', "1' or '1'='1"]) {
      const path = `/api/services/${encodeURIComponent(id)}`;
      for (const wish of [{}, { path: '/deployments' }] as { path?: string }[]) {
        const answer = await call(path + (wish.path ?? ''));
        expect(answer.status).toBe(404);
        seen.add(answer.text.replace(answer.body.requestId, 'ID'));
      }
    }
    for (const path of ['/api/nothing', '/nothing', '/api/deployments/nonsense', `/api/deployments/${randomUUID()}`, '/api/services/%E0%A4%A']) {
      const answer = await call(path);
      expect(answer.status).toBe(404);
      seen.add(answer.text.replace(answer.body.requestId, 'ID'));
    }
    const revoked = await call(`/api/account/token/${randomUUID()}`, { method: 'DELETE' });
    seen.add(revoked.text.replace(revoked.body.requestId, 'ID'));
    expect([...seen]).toEqual(['{"type":"urn:apex:problem:not-found","title":"Not found","status":404,"detail":"The resource does not exist.","code":"NOT_FOUND","requestId":"ID"}']);
  });

  it('405: a wrong method is told the right ones', async () => {
    for (const [method, path, allow] of [['PUT', '/api/deploy', 'POST'], ['POST', '/api/services', 'GET, HEAD'], ['POST', `/api/services/${mine}`, 'GET, PATCH, DELETE, HEAD'], ['GET', `/api/services/${mine}/pause`, 'POST']] as const) {
      const answer = await call(path, { method });
      expect(answer).toMatchObject({ status: 405, body: { code: 'METHOD_NOT_ALLOWED' } });
      expect(answer.headers.get('allow')).toBe(allow);
    }
  });

  it('413: a body over 1 MiB; one just below is read', async () => {
    const padded = (bytes: number): string => JSON.stringify({ ...DOCUMENTED, name: 'x'.repeat(bytes) });
    expect(await call('/api/deploy', { raw: padded(1 << 20), headers: { 'content-type': 'application/json' } })).toMatchObject({ status: 413, body: { code: 'PAYLOAD_TOO_LARGE' } });
    expect((await call('/api/deploy', { raw: padded((1 << 20) - 200), headers: { 'content-type': 'application/json' } })).status).toBe(400);
  });

  it('415: another content type than JSON', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'application/json; charset=latin1']) {
      expect(await call('/api/deploy', { raw: JSON.stringify(DOCUMENTED), headers: { 'content-type': type } })).toMatchObject({ status: 415, body: { code: 'UNSUPPORTED_MEDIA_TYPE' } });
    }
  });

  it('503: what needs a cluster says so before anything is written', async () => {
    const before = await call('/api/services');
    for (const [path, wish] of [
      ['/api/deploy', { json: DOCUMENTED }], [`/api/services/${mine}`, { method: 'PATCH', json: { replicas: 3 } }], [`/api/services/${mine}`, { method: 'DELETE' }],
      [`/api/services/${mine}/redeploy`, { method: 'POST' }], [`/api/services/${mine}/pause`, { json: { pause: true } }], [`/api/services/${mine}/logs`, {}], [`/api/services/${mine}/logs?follow=true`, {}],
    ] as [string, HttpWish][]) {
      expect(await call(path, wish)).toMatchObject({ status: 503, body: { title: 'Feature requires K8s', status: 503, code: 'CLUSTER_REQUIRED', detail: expect.stringContaining('No Kubernetes cluster is configured') } });
    }
    expect((await call('/api/services')).body).toEqual(before.body);
  });

  it('500: a database that dies under a request; the cause is in the log and not in the answer', async () => {
    const { orm } = server.database;
    const tx = await orm.em.getConnection().begin();
    await orm.em.getConnection().execute('lock table service in access exclusive mode', [], 'run', tx);
    const waiting = call('/api/services');
    // Nothing announces that the request has come as far as the lock.
    let cut = 0;
    while (cut === 0) {
      const rows = await orm.em.getConnection().execute<unknown[]>(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      cut = rows.length;
    }
    const answer = await waiting;
    await orm.em.getConnection().rollback(tx);
    expect(answer).toMatchObject({ status: 500, body: { title: 'Internal error', status: 500, code: 'INTERNAL' } });
    expect(answer.text).not.toMatch(/select|terminat|postgres|at .*\.(ts|js)|service/i);
    const told = server.log().split('\n').filter((line) => line.includes(answer.body.requestId) && line.includes('"level":"error"'));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('terminating connection');
    expect((await call('/api/services')).status).toBe(200);
  });

  it('no secret is in the log', async () => {
    await call('/api/deploy', { json: { ...DOCUMENTED, env: { CANARY: 'c4n4ry-value', '1BAD': 'c4n4ry-bad' } } });
    await call('/api/services', { token: 'apex_c4n4rytoken' });
    expect(server.log()).not.toContain('c4n4ry');
    expect(server.log()).not.toContain(server.token);
  });
});
