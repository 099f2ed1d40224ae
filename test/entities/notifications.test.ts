import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { DELETE, DEPLOY, MY_SERVICE, REVOKE_TOKEN } from '../support/operations.js';
import { TestApi, type TestAccount } from '../support/test-api.js';

describe('the rows themselves tell of a change', () => {
  let api: TestApi;
  let ada: TestAccount;
  let listener: pg.Client;
  let told: Record<string, unknown>[] = [];

  beforeAll(async () => {
    api = await TestApi.start();
    ada = await api.account('Ada');
    listener = new pg.Client(api.database.url);
    await listener.connect();
    await listener.query('listen apex_events');
    listener.on('notification', ({ payload }) => told.push(JSON.parse(payload!)));
  });
  afterAll(async () => {
    await listener.end();
    await api.stop();
  });

  /** Notifications come with the answer to a statement that was sent after the commit. */
  const after = async (work: () => Promise<unknown>) => {
    told = [];
    await work();
    await listener.query('select 1');
    return told;
  };

  test('of a deploy: its service and its deployment', async () => {
    let service: any;
    const events = await after(async () => void (service = (await api.run(ada.token, DEPLOY, { input: MY_SERVICE })).data.deployService));
    const changed = { topic: 'service.changed', serviceId: service.id, teamId: ada.teamId };
    const progressed = { topic: 'deployment.changed', deploymentId: service.latestDeployment.id, serviceId: service.id };
    expect(events).toEqual(expect.arrayContaining([changed, progressed]));
    expect(await after(() => api.em.execute('update service set ready_replicas = ready_replicas where id = ?', [service.id]))).toEqual([]);
    expect(await after(() => api.em.execute('update service set ready_replicas = 1 where id = ?', [service.id]))).toEqual([changed]);
    expect(await after(() => api.run(ada.token, DELETE, { id: service.id }))).toContainEqual(changed);
  });

  test('of the end of an access, once', async () => {
    const bob = await api.account('Bob');
    const ended = { topic: 'access.ended', tokenId: bob.tokenId, accountId: null };
    expect(await after(() => api.run(bob.token, REVOKE_TOKEN, { id: bob.tokenId }))).toEqual([ended]);
    expect(await after(() => api.em.execute('update token set last_used_at = now() where id = ?', [bob.tokenId]))).toEqual([]);
    const ofAccount = { topic: 'access.ended', tokenId: null, accountId: bob.id };
    expect(await after(() => api.em.execute(`update membership set role = 'VIEWER' where account_id = ?`, [bob.id]))).toEqual([ofAccount]);
    expect(await after(() => api.em.execute('delete from membership where account_id = ?', [bob.id]))).toEqual([ofAccount]);
    expect(await after(() => api.em.execute('update account set deleted_at = now() where id = ?', [bob.id]))).toEqual([ofAccount]);
  });

  test('of nothing that was rolled back', async () => {
    expect(await after(() => api.run(ada.token, DEPLOY, { input: { ...MY_SERVICE, environment: 'nowhere' } }))).toEqual([]);
  });
});
