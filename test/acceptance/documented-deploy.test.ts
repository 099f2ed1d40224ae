import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestServer, type TestServer } from '../support/test-server.js';
import { pushHello } from './hello-image.js';
import { restClient, until, visit, type RestClient } from './rest-client.js';

const DOCUMENTED = { name: 'my-service', image: 'nginx:alpine', containerPort: 80, public: true, replicas: 2, env: { NODE_ENV: 'production' } };

describe('the documented deploy, over REST', () => {
  let server: TestServer;
  let rest: RestClient;

  beforeAll(async () => {
    server = await startTestServer({ cluster: true });
    rest = restClient(server.url, server.token);
  }, 120_000);
  afterAll(() => server?.stop(), 120_000);

  it('reaches RUNNING with two replicas, serves, logs, pauses and resumes', async () => {
    const deployed = await rest.post('/api/deploy', DOCUMENTED);
    expect(deployed.status).toBe(200);
    expect(deployed.body).toMatchObject({ name: 'my-service', image: 'nginx:alpine', containerPort: 80, public: true, replicas: 2, environment: 'production' });
    expect(await rest.endOfDeployment(deployed.body.latestDeployment.id)).toMatchObject({ state: 'LIVE', reason: null, image: 'nginx:alpine', digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/), release: 1 });

    const listed = await until('the list shows it running', () => rest.get('/api/services'), ({ body }) => body[0]?.status === 'RUNNING');
    expect(listed.body).toHaveLength(1);
    expect(listed.body[0]).toMatchObject({ id: deployed.body.id, name: 'my-service', image: 'nginx:alpine', status: 'RUNNING', replicas: 2, readyReplicas: 2 });
    expect(JSON.stringify(listed.body)).not.toContain('"production","NODE_ENV"');

    const { id, url } = listed.body[0];
    const page = await visit(url, '/');
    expect(page.status).toBe(200);
    expect(page.text).toContain('Welcome to nginx!');

    await visit(url, '/seen-in-the-log');
    const logs = await until('the log shows the request', () => rest.get(`/api/services/${id}/logs`), ({ body }) => JSON.stringify(body).includes('/seen-in-the-log'));
    expect(logs.body.find((line: { message: string }) => line.message.includes('/seen-in-the-log'))).toEqual({
      timestamp: expect.any(String), replica: expect.any(String), stream: null, message: expect.stringContaining('GET /seen-in-the-log'), cursor: expect.any(String),
    });

    expect((await rest.post(`/api/services/${id}/pause`, { pause: true })).body).toMatchObject({ status: 'PAUSED', paused: true });
    await until('the paused address has stopped serving', () => visit(url), ({ status }) => status === 503 || status === 404);
    await until('no replica is left', () => rest.get(`/api/services/${id}`), ({ body }) => body.readyReplicas === 0);

    expect((await rest.post(`/api/services/${id}/pause`, { pause: false })).body).toMatchObject({ paused: false });
    await until('it runs again', () => rest.get(`/api/services/${id}`), ({ body }) => body.status === 'RUNNING' && body.readyReplicas === 2);
    expect((await visit(url)).status).toBe(200);

    expect((await rest.delete(`/api/services/${id}`)).status).toBe(200);
    expect((await rest.get(`/api/services/${id}`)).status).toBe(404);
    await until('the deleted address has stopped serving', () => visit(url), ({ status }) => status === 404);
  }, 180_000);

  it('redeploys the same tag as the image of now', async () => {
    const image = `apex.local/acceptance-${server.id}:latest`;
    await pushHello(image, ['FIRST_BUILD=1']);
    const deployed = await rest.post('/api/deploy', { name: 'same-tag', image, containerPort: 8080, public: true });
    const first = await rest.endOfDeployment(deployed.body.latestDeployment.id);
    expect(first.state).toBe('LIVE');
    const { url } = deployed.body;
    expect((await until('the first build serves', () => visit(url, '/env-names'), ({ status }) => status === 200)).text).toContain('FIRST_BUILD');

    await pushHello(image, ['SECOND_BUILD=1']);
    const redeployed = await rest.post(`/api/services/${deployed.body.id}/redeploy`);
    expect(redeployed.status).toBe(200);
    const second = await rest.endOfDeployment(redeployed.body.latestDeployment.id);
    expect(second).toMatchObject({ state: 'LIVE', trigger: 'REDEPLOY', release: 2 });
    expect(second.digest).not.toBe(first.digest);
    const names = await until('the second build serves', () => visit(url, '/env-names'), ({ text }) => text.includes('SECOND_BUILD'));
    expect(names.text).not.toContain('FIRST_BUILD');
  }, 180_000);
});
