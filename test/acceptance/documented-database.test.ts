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

    expect((await rest.post('/api/databases', { name: 'my-postgres', type: 'postgres', size: 'small' })).status).toBe(400);
    expect((await rest.delete(`/api/databases/${id}?force=another`)).status).toBe(400);
    expect(await rest.delete(`/api/databases/${id}?force=my-postgres`)).toMatchObject({ status: 200, body: { status: 'DELETED' } });
    await until('it is gone', () => rest.get(`/api/databases/${id}`), ({ status }) => status === 404, 60);
    expect((await rest.get('/api/databases')).body).toEqual([]);
    expect(server.log()).not.toMatch(/"level":50/);
  }, 240_000);
});
