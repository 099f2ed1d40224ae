import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SETTINGS } from '../../src/config.js';
import { ROUTES } from '../../src/rest/routes/all-routes.js';
import { http } from '../support/http.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

/** Every endpoint of the documented API, ours included. */
const DOCUMENTED = [
  'POST /api/account/token', 'GET /api/account/token', 'DELETE /api/account/token/:id',
  'GET /api/services', 'POST /api/deploy', 'GET /api/services/:id', 'PATCH /api/services/:id', 'DELETE /api/services/:id',
  'POST /api/services/:id/redeploy', 'POST /api/services/:id/webhook', 'GET /api/services/:id/logs', 'POST /api/services/:id/pause',
  'GET /api/services/:id/deployments', 'GET /api/deployments/:id', 'POST /api/deployments/:id/cancel',
  'GET /api/services/:id/releases', 'POST /api/services/:id/rollback', 'POST /api/services/:id/promote',
  'GET /api/environments',
  'GET /api/databases', 'POST /api/databases', 'GET /api/databases/:id', 'DELETE /api/databases/:id',
  'PATCH /api/databases/:id', 'POST /api/databases/:id/pause', 'POST /api/databases/:id/undelete', 'POST /api/databases/:id/rotate', 'GET /api/databases/:id/connection', 'GET /api/databases/:id/usage', 'POST /api/services/:id/link-database/:databaseId',
  'GET /api/databases/:id/backups', 'POST /api/databases/:id/backups', 'GET /api/databases/:id/backups/:backupId/download', 'GET /api/databases/:id/backup-schedule', 'POST /api/databases/:id/backup-schedule', 'DELETE /api/databases/:id/backup-schedule', 'DELETE /api/backups/:id', 'POST /api/databases/:id/restore', 'GET /api/restores/:id',
  'GET /api/databases/:id/point-in-time-recovery', 'POST /api/databases/:id/point-in-time-recovery', 'DELETE /api/databases/:id/point-in-time-recovery', 'POST /api/databases/:id/recover',
  'GET /api/teams', 'POST /api/teams', 'GET /api/teams/:id', 'PATCH /api/teams/:id', 'DELETE /api/teams/:id', 'POST /api/teams/:id/leave',
  'GET /api/teams/:id/members', 'POST /api/teams/:id/members', 'PATCH /api/teams/:id/members/:memberId', 'DELETE /api/teams/:id/members/:memberId', 'POST /api/invitations/accept',
  'GET /api/env-groups', 'POST /api/env-groups', 'GET /api/env-groups/:id', 'PATCH /api/env-groups/:id', 'DELETE /api/env-groups/:id', 'POST /api/env-groups/:id/reveal',
  'POST /api/services/:id/attach-group/:groupId', 'DELETE /api/services/:id/attach-group/:groupId', 'POST /api/services/:id/order-groups',
  'GET /api/services/:id/variables', 'POST /api/services/:id/variables/reveal',
  'PATCH /api/environments/:id', 'GET /api/teams/:id/machines', 'GET /api/teams/:id/registry-credentials', 'POST /api/registry-credentials', 'DELETE /api/registry-credentials/:id',
  'GET /api/teams/:id/audit-log', 'GET /api/teams/:id/quota', 'GET /api/services/:id/log-history', 'GET /api/teams/:id/log-storage',
  'GET /api/teams/:id/log-drains', 'POST /api/log-drains', 'PATCH /api/log-drains/:id', 'DELETE /api/log-drains/:id', 'PATCH /api/teams/:id/quota',
];

/** Of doors that are not the table's. */
const OTHER_DOORS = ['POST /api/webhooks/gitea', 'POST /api/webhooks/github'];

describe('the documentation of the REST API', () => {
  let server: TestServer;
  let document: any;

  beforeAll(async () => {
    server = await startTestServer();
    document = (await http(`${server.url}/api/openapi.json`)).body;
  });
  afterAll(() => server?.stop());

  it('serves every documented endpoint, and none that is not documented', async () => {
    expect(ROUTES.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([...DOCUMENTED].sort());
  });

  it('is valid OpenAPI 3.1 and has an operation for each endpoint', async () => {
    const validator = new Validator();
    expect(await validator.validate(document)).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
    const operations = Object.entries<Record<string, any>>(document.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`));
    expect(operations.sort()).toEqual([...DOCUMENTED, ...OTHER_DOORS].sort());
  });

  it('takes shapes and rules from the schema', () => {
    const schemas = document.components.schemas;
    const deploy = schemas.DeployServiceInput;
    expect(document.paths['/api/deploy'].post.requestBody).toEqual({ required: true, content: { 'application/json': { schema: { $ref: '#/components/schemas/DeployServiceInput' } } } });
    expect(deploy).toMatchObject({
      type: 'object', required: ['name'], additionalProperties: false,
      properties: { name: { type: 'string' }, containerPort: { type: 'integer', minimum: 1, maximum: 65_535 }, replicas: { type: 'integer', minimum: 0, maximum: 100, default: 1 }, public: { type: 'boolean', default: false }, env: { type: 'object' } },
    });
    expect(schemas.Service.properties).toMatchObject({
      status: { type: 'string', enum: expect.arrayContaining(['PENDING', 'DEPLOYING', 'RUNNING', 'DEGRADED', 'FAILED', 'PAUSED', 'DELETING']) },
      environment: { type: 'string' }, url: { type: ['string', 'null'] }, replicas: { type: 'integer' }, createdAt: { type: 'string', format: 'date-time' },
      latestDeployment: { anyOf: [{ $ref: '#/components/schemas/Deployment' }, { type: 'null' }] },
    });
    expect(document.paths['/api/services'].get.responses[200].content['application/json'].schema).toEqual({ type: 'array', items: { $ref: '#/components/schemas/Service' } });
    expect(document.paths['/api/services/{id}'].get.responses).toMatchObject({ 404: { content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } } });
  });

  it('is shown by a page that needs nothing from elsewhere', async () => {
    const page = await http(`${server.url}/api/docs`);
    expect(page).toMatchObject({ status: 200 });
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    expect(page.text).not.toMatch(/https?:\/\//);
    const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
    expect(parts.length).toBeGreaterThan(2);
    for (const part of parts) expect([part, (await http(server.url + part)).status]).toEqual([part, 200]);
    expect((await http(`${server.url}/api/docs/start.js`)).text).toContain('/api/openapi.json');
    expect((await http(`${server.url}/api/docs/package.json`)).status).toBe(404);
  });

  it('lists every setting in the README', () => {
    const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');
    const listed = [...readme.matchAll(/^\| `([A-Z0-9_]+)` \|/gm)].map(([, name]) => name);
    expect(listed.sort()).toEqual(Object.keys(SETTINGS.shape).sort());
  });
});
