import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestServer, type TestServer } from '../support/test-server.js';
import { restClient, until, type RestClient } from './rest-client.js';

describe('the documented database, over REST', () => {
  let server: TestServer;
  let rest: RestClient;

  beforeAll(async () => {
    server = await startTestServer({ cluster: true });
    rest = restClient(server.url, server.token);
  }, 120_000);
  afterAll(() => server?.stop(), 120_000);

  it('becomes available, is listed without its credentials, and goes when it is forced to', async () => {
    const made = await rest.post('/api/databases', { name: 'my-postgres', type: 'postgres', size: 'small' });
    expect(made.status).toBe(200);
    const { id } = made.body;
    expect(made.body).toMatchObject({ name: 'my-postgres', type: 'postgres', version: '15', size: 'small', status: 'PROVISIONING', environment: 'production', storage: '5Gi' });

    const available = await until('it is available', () => rest.get(`/api/databases/${id}`), ({ body }) => body.status === 'AVAILABLE', 120);
    const listed = await rest.get('/api/databases');
    expect(listed.body).toEqual([available.body]);
    expect(JSON.stringify(listed.body)).not.toMatch(/password|sealed/i);

    const of = (path: string): string => `/api/databases/${id}${path}`;
    const again = (status: string) => until(`it is ${status}`, () => rest.get(of('')), ({ body }) => body.status === status, 120);
    const { body: connection } = await rest.get(of('/connection'));
    expect(connection).toMatchObject({ databaseId: id, host: 'my-postgres', port: 5432, url: expect.stringContaining(connection.password) });
    const { body: web } = await rest.post('/api/deploy', { name: 'web', image: 'apex.local/hello', replicas: 0 });
    expect(await rest.post(`/api/services/${web.id}/link-database/${id}`, { as: 'PG_URL' })).toMatchObject({ status: 200, body: { name: 'web' } });
    expect((await rest.get(`/api/services/${web.id}/variables`)).body).toMatchObject([{ key: 'PG_URL' }]);
    expect(await rest.post(of('/rotate'))).toMatchObject({ status: 200, body: { id } });
    await again('AVAILABLE');
    expect((await rest.get(of('/connection'))).body.password).not.toBe(connection.password);
    expect(await rest.delete(of(''))).toMatchObject({ status: 400, body: { title: expect.any(String), detail: expect.stringContaining('web') } });
    expect((await rest.delete(`/api/services/${web.id}`)).status).toBe(200);
    await until('the service is gone', () => rest.get(`/api/services/${web.id}`), ({ status }) => status === 404, 60);

    expect(await rest.patch(of(''), { memory: '600Mi' })).toMatchObject({ status: 200, body: { resources: { memory: '600Mi' } } });
    expect((await rest.patch(of(''), { storage: '1Gi' })).body.errors).toMatchObject([{ path: 'storage' }]);
    await again('AVAILABLE');
    expect(await rest.post(of('/pause'), { pause: true })).toMatchObject({ status: 200, body: { paused: true } });
    await again('PAUSED');
    expect(await rest.delete(of(''))).toMatchObject({ status: 400, body: { detail: expect.stringContaining('resume it first') } });
    expect(await rest.delete(of('?finalBackup=false'))).toMatchObject({ status: 200, body: { status: 'DELETED', purgeAt: expect.any(String) } });
    expect(await rest.post(of('/undelete'))).toMatchObject({ status: 200, body: { deletedAt: null } });
    await again('PAUSED');
    const { body: late } = await rest.post('/api/deploy', { name: 'late', image: 'apex.local/hello', containerPort: 8080 });
    const { body: { latestDeployment } } = await rest.post(`/api/services/${late.id}/link-database/${id}`);
    const waiting = await until('its deployment waits', () => rest.get(`/api/deployments/${latestDeployment.id}`), ({ body }) => /^Waiting/.test(body.steps[0]?.message), 60);
    expect(waiting.body.steps[0].message).toBe('Waiting for the database "my-postgres", which is PAUSED.');
    expect(await rest.post(of('/pause'), { pause: false })).toMatchObject({ status: 200, body: { paused: false } });
    await again('AVAILABLE');
    expect(await rest.endOfDeployment(latestDeployment.id)).toMatchObject({ state: 'LIVE' });
    await rest.delete(`/api/services/${late.id}`);
    await until('the service is gone', () => rest.get(`/api/services/${late.id}`), ({ status }) => status === 404, 60);

    expect((await rest.post('/api/databases', { name: 'my-postgres', type: 'postgres', size: 'small' })).status).toBe(400);
    expect((await rest.delete(`/api/databases/${id}?force=another`)).status).toBe(400);
    expect(await rest.delete(`/api/databases/${id}?force=my-postgres`)).toMatchObject({ status: 200, body: { status: 'DELETED' } });
    await until('it is gone', () => rest.get(`/api/databases/${id}`), ({ status }) => status === 404, 60);
    expect((await rest.get('/api/databases')).body).toEqual([]);
    expect(server.log()).not.toMatch(/"level":50/);
  }, 240_000);
});
