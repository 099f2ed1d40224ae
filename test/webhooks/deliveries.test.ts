import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHmac, randomUUID } from 'node:crypto';
import { Role } from '../../src/entities/roles.js';
import { AutoDeploy } from '../../src/entities/service-source.js';
import { newCommit, pushOf } from '../support/github.js';
import { DELIVERIES, REDELIVER, RECEIVE, UPDATE } from '../support/operations.js';
import { insertRunningService } from '../support/rows.js';
import { TestApi, type TestAccount } from '../support/test-api.js';

const SECRET = 'a secret of the installation';

describe('deliveries', () => {
  let api: TestApi;
  let ada: TestAccount;
  let eve: TestAccount;

  beforeAll(async () => {
    api = await TestApi.start({ APEX_GITHUB_WEBHOOK_SECRET: SECRET });
    ada = await api.account('Ada');
    eve = await api.account('Eve');
  });
  afterAll(() => api.stop());

  const follow = async (owner: TestAccount, repository: string, name = `web-${randomUUID().slice(0, 8)}`) =>
    (await insertRunningService(api.database, name, { teamId: owner.teamId, source: { repository, branch: 'main', path: null, autoDeploy: AutoDeploy.IMAGE } })).id;
  const receive = async (payload: unknown, event = 'push'): Promise<any> => {
    const body = Buffer.from(JSON.stringify(payload));
    const headers = { 'x-github-delivery': randomUUID(), 'x-github-event': event, 'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}` };
    const input = { headers: Object.entries(headers).map(([name, value]) => ({ name, value })), body };
    return (await api.runAs({ kind: 'system', name: 'webhook' }, RECEIVE, { input })).data.receiveGithubEvent;
  };
  const list = async (account: TestAccount, variables: Record<string, unknown> = {}): Promise<any[]> => (await api.run(account.token, DELIVERIES, variables)).data.webhookDeliveries.nodes;

  it('are shown with their verdict, what they led to and how that is, in one query', async () => {
    const [service, commit] = [await follow(ada, 'acme/shown'), newCommit()];
    const { deliveryId, deployments } = await receive(pushOf({ repository: 'acme/shown', after: commit }));
    expect(await list(ada, { serviceId: service })).toEqual([
      {
        id: expect.any(String), deliveryId, verdict: 'SERVER_SECRET', event: 'push', action: null, repository: 'acme/shown', ref: 'refs/heads/main', commit, outcome: 'DEPLOYED', message: null, replayOf: null,
        effects: [{ message: null, service: { id: service, status: 'DEPLOYING', readyReplicas: 2 }, deployment: { id: deployments[0], state: 'QUEUED', trigger: 'PUSH', commit } }],
      },
    ]);
    expect(await list(ada, { teamId: ada.teamId })).toHaveLength(1);
  });

  it('are kept whole: the bytes as they came and the headers, but for the signature', async () => {
    await follow(ada, 'acme/kept');
    const payload = pushOf({ repository: 'acme/kept', message: 'Ünïcode \u0000 ✓' });
    const { deliveryId } = await receive(payload);
    const [row] = await api.em.execute<any[]>('select body, headers from webhook_delivery where delivery_id = ?', [deliveryId]);
    expect(Buffer.from(row.body).equals(Buffer.from(JSON.stringify(payload)))).toBe(true);
    expect(typeof row.headers === 'string' ? JSON.parse(row.headers) : row.headers).toEqual({ 'x-github-delivery': deliveryId, 'x-github-event': 'push' });
  });

  it('show a team its own services and nothing of others, though all follow one repository', async () => {
    const [hers, evil] = [await follow(ada, 'acme/private'), await follow(eve, 'ACME/private')];
    await api.run(eve.token, UPDATE, { id: evil, input: { source: { repository: 'ACME/private', autoDeploy: 'OFF' } } });
    const { deployments } = await receive(pushOf({ repository: 'acme/private', message: 'a private message' }));
    expect(deployments).toHaveLength(1);
    const [seen] = await list(eve);
    expect(seen).toMatchObject({ outcome: 'IGNORED', effects: [{ message: 'The service does not deploy by itself.', service: { id: evil }, deployment: null }] });
    expect(JSON.stringify(await list(eve))).not.toContain(hers);
    expect(JSON.stringify(await list(eve))).not.toContain('a private message');
    expect((await list(ada))[0]).toMatchObject({ outcome: 'DEPLOYED', effects: [{ service: { id: hers } }] });
    expect((await api.run(eve.token, DELIVERIES, { teamId: ada.teamId })).code).toBe('NOT_FOUND');
  });

  it('that touched nothing are shown to the operator', async () => {
    const { deliveryId } = await receive(pushOf({ repository: 'nobody/follows' }));
    const operator = { kind: 'account', accountId: ada.id, tokenId: ada.tokenId, scopes: new Set(['read'] as const), teamId: null, isOperator: true } as const;
    const { nodes } = (await api.runAs(operator, DELIVERIES)).data.webhookDeliveries;
    expect(nodes[0]).toMatchObject({ deliveryId, outcome: 'IGNORED', message: 'No service follows this branch.', effects: [] });
    expect(JSON.stringify(await list(ada))).not.toContain(deliveryId);
  });

  it('come in pages, newest first', async () => {
    const service = await follow(ada, 'acme/pages');
    const made: string[] = [];
    for (let n = 0; n < 5; n += 1) made.unshift((await receive(pushOf({ repository: 'acme/pages' }))).deliveryId);
    const seen: string[] = [];
    for (let after: string | null = null; ; ) {
      const { nodes, pageInfo }: any = (await api.run(ada.token, DELIVERIES, { serviceId: service, first: 2, after })).data.webhookDeliveries;
      seen.push(...nodes.map(({ deliveryId }: any) => deliveryId));
      if (!pageInfo.hasNextPage) break;
      after = pageInfo.endCursor;
    }
    expect(seen).toEqual(made);
  });

  it('are replayed from the stored bytes, on the services as they are now', async () => {
    const service = await follow(ada, 'acme/replayed');
    await api.run(ada.token, UPDATE, { id: service, input: { source: { repository: 'acme/replayed', autoDeploy: 'OFF' } } });
    const commit = newCommit();
    await receive(pushOf({ repository: 'acme/replayed', after: commit }));
    const [first] = await list(ada, { serviceId: service });
    expect(first).toMatchObject({ outcome: 'IGNORED' });
    await api.run(ada.token, UPDATE, { id: service, input: { source: { repository: 'acme/replayed' } } });
    for (let n = 0; n < 2; n += 1) {
      const { redeliverWebhook: replay } = (await api.run(ada.token, REDELIVER, { id: first.id })).data;
      expect(replay).toMatchObject({ verdict: 'REPLAYED', outcome: 'DEPLOYED', replayOf: first.id, effects: [{ service: { id: service }, deployment: { state: 'QUEUED', trigger: 'PUSH', commit } }] });
    }
    expect((await list(ada, { serviceId: service })).map(({ outcome }) => outcome)).toEqual(['DEPLOYED', 'DEPLOYED', 'IGNORED']);

    await receive(pushOf({ repository: 'acme/replayed', before: commit, pushedAt: 1_900_000_000 }));
    const { redeliverWebhook: late } = (await api.run(ada.token, REDELIVER, { id: first.id })).data;
    expect(late).toMatchObject({ outcome: 'IGNORED', effects: [{ message: 'A newer push was deployed before this one came.' }] });
  });

  it('replayed by one team do nothing to the services of another, and need a cluster', async () => {
    const [hers, evil] = [await follow(ada, 'acme/shared'), await follow(eve, 'acme/shared')];
    await receive(pushOf({ repository: 'acme/shared' }));
    const [seen] = await list(eve, { serviceId: evil });
    const latest = async (id: string) => (await api.em.execute<any[]>('select latest_deployment_id as id from service where id = ?', [id]))[0].id;
    const before = await latest(hers);
    const { redeliverWebhook: replay } = (await api.run(eve.token, REDELIVER, { id: seen.id })).data;
    expect(replay.effects).toMatchObject([{ service: { id: evil }, deployment: { id: await latest(evil) } }]);
    expect(await latest(hers)).toBe(before);

    api.orchestrator.state = { kind: 'none' };
    expect((await api.run(eve.token, REDELIVER, { id: seen.id })).code).toBe('CLUSTER_REQUIRED');
    api.orchestrator.state = { kind: 'ready', version: 'v1.36.1', since: new Date(0) };

    const viewer = await api.account('Viewer');
    await api.addMember(eve.teamId, viewer, Role.VIEWER);
    expect((await api.run(viewer.token, REDELIVER, { id: seen.id })).code).toBe('FORBIDDEN');
  });
});
