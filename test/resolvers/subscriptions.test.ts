import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DeploymentState, ReasonCode } from '../../src/entities/deployment-state.js';
import { StepName, StepState } from '../../src/entities/deployment-event.js';
import { moveDeployment, type DeploymentMove } from '../../src/entities/deployment-log.js';
import { Role } from '../../src/entities/roles.js';
import { DELETE, DEPLOY, MY_SERVICE, ON_DEPLOYMENT, ON_LOGS, ON_SERVICE, PAUSE, REVOKE_TOKEN, UPDATE } from '../support/operations.js';
import { TestApi, type TestAccount } from '../support/test-api.js';

const S = DeploymentState;

describe('subscriptions', () => {
  let api: TestApi;
  let ada: TestAccount;
  let id: string;
  let deploymentId: string;
  let made = 0;

  beforeAll(async () => {
    api = await TestApi.start();
    ada = await api.account('Ada');
  });
  afterAll(() => api.stop());
  beforeEach(async () => {
    made += 1;
    const { data } = await api.run(ada.token, DEPLOY, { input: { ...MY_SERVICE, name: `service-${made}` } });
    id = data.deployService.id;
    deploymentId = data.deployService.latestDeployment.id;
    api.orchestrator.batches.length = 0;
    api.orchestrator.asked.length = 0;
  });

  const move = (from: DeploymentState, to: DeploymentState, more: Partial<DeploymentMove> = {}) =>
    api.em.transactional((tx) => moveDeployment(tx, { id: deploymentId, from, to, ...more }));
  const progress = (after?: string) => api.subscribe(ada.token, ON_DEPLOYMENT, { deploymentId, after });
  const numbers = async (subscription: Awaited<ReturnType<typeof progress>>) => {
    const seen: number[] = [];
    for (let answer = await subscription.next(); answer; answer = await subscription.next()) seen.push(answer.data.deploymentProgress.event.number);
    return seen;
  };

  describe('deploymentProgress', () => {
    test('tells each event as it comes, with the deployment as it is, and ends after the last', async () => {
      const subscription = await progress();
      expect((await subscription.next())?.data.deploymentProgress).toEqual({
        cursor: '1',
        event: { number: 1, state: 'QUEUED', step: null, stepState: null, message: null },
        deployment: { id: deploymentId, state: 'QUEUED' },
      });
      const next = subscription.next();
      await move(S.QUEUED, S.PREPARING, { step: StepName.PREPARE, stepState: StepState.RUNNING });
      expect((await next)?.data.deploymentProgress).toMatchObject({ cursor: '2', event: { state: 'PREPARING', step: 'PREPARE', stepState: 'RUNNING' }, deployment: { state: 'PREPARING' } });
      await move(S.PREPARING, S.FAILED, { reason: { code: ReasonCode.IMAGE_NOT_FOUND, message: 'There is no such image.' } });
      expect((await subscription.next())?.data.deploymentProgress).toMatchObject({ cursor: '3', event: { state: 'FAILED', message: 'There is no such image.' }, deployment: { state: 'FAILED' } });
      expect(await subscription.next()).toBeNull();
    });

    test('goes on behind a cursor without a gap and without a repetition, also of what has ended', async () => {
      await move(S.QUEUED, S.PREPARING);
      await move(S.PREPARING, S.ROLLING_OUT);
      await move(S.ROLLING_OUT, S.LIVE);
      expect(await numbers(await progress())).toEqual([1, 2, 3, 4]);
      for (const after of ['0', '1', '2', '3', '4']) expect(await numbers(await progress(after))).toEqual([1, 2, 3, 4].slice(Number(after)));
      expect(await numbers(await progress('99'))).toEqual([]);
    });

    test('misses nothing that happens while readers come', async () => {
      const readers = [numbers(await progress())];
      const write = async () => {
        await move(S.QUEUED, S.PREPARING);
        await move(S.PREPARING, S.ROLLING_OUT);
        await move(S.ROLLING_OUT, S.LIVE);
      };
      const writing = write();
      for (let reader = 0; reader < 6; reader += 1) readers.push(numbers(await progress()));
      await writing;
      for (const seen of await Promise.all(readers)) expect(seen).toEqual([1, 2, 3, 4]);
    });

    test('a cursor of another kind is refused', async () => {
      expect((await (await progress('abc')).next())?.faults).toEqual([{ path: 'after', message: 'must be a cursor of this deployment' }]);
    });
  });

  describe('serviceChanged', () => {
    test('begins with the service as it is and follows each change that can be seen', async () => {
      const subscription = await api.subscribe(ada.token, ON_SERVICE, { serviceId: id });
      const next = async () => (await subscription.next())?.data.serviceChanged;
      expect(await next()).toEqual({ id, status: 'PENDING', replicas: 2, paused: false });
      await api.run(ada.token, UPDATE, { id, input: { replicas: 2 } });
      await api.run(ada.token, UPDATE, { id, input: { replicas: 5 } });
      expect(await next()).toMatchObject({ replicas: 5 });
      await api.run(ada.token, PAUSE, { id, pause: true });
      expect(await next()).toMatchObject({ status: 'PAUSED' });
      await api.run(ada.token, PAUSE, { id, pause: false });
      expect(await next()).toMatchObject({ status: 'PENDING' });
      await move(S.QUEUED, S.PREPARING);
      expect(await next()).toMatchObject({ status: 'DEPLOYING' });
      subscription.leave();
      expect(await next()).toBeUndefined();
    });

    test('ends when the service is deleted', async () => {
      const subscription = await api.subscribe(ada.token, ON_SERVICE, { serviceId: id });
      await subscription.next();
      await api.run(ada.token, DELETE, { id });
      expect((await subscription.next())?.code).toBe('NOT_FOUND');
      expect(await subscription.next()).toBeNull();
    });
  });

  describe('serviceLogs', () => {
    const line = (message: string) => ({ timestamp: new Date(), replica: 'r-1', stream: 'stdout' as const, level: null, message, fields: null, raw: message, cut: false, deploymentId: null, cursor: `c-${message}` });

    test('gives on what the log has, asked for exactly, and lets go of it when the reader leaves', async () => {
      api.orchestrator.batches.push({ lines: [line('one'), line('two')], dropped: 3, gap: true, cursor: 'c-two' });
      const subscription = await api.subscribe(ada.token, ON_LOGS, { serviceId: id, tail: 10, after: 'c-zero', filter: { text: 'o', stream: 'stdout' } });
      expect((await subscription.next())?.data.serviceLogs).toEqual({
        lines: [
          { message: 'one', stream: 'stdout', replica: 'r-1', cursor: 'c-one' },
          { message: 'two', stream: 'stdout', replica: 'r-1', cursor: 'c-two' },
        ],
        dropped: 3,
        gap: true,
        cursor: 'c-two',
      });
      const [{ namespace }] = await api.em.execute<[{ namespace: string }]>('select namespace from environment join service on environment_id = environment.id where service.id = ?', [id]);
      expect(api.orchestrator.asked).toEqual([
        { source: { serviceId: id, namespace }, from: { tail: 10, since: undefined, after: 'c-zero' }, filter: { text: 'o', regex: undefined, level: undefined, replica: undefined, stream: 'stdout', deploymentId: undefined } },
      ]);
      expect(api.orchestrator.following).toBe(1);
      subscription.leave();
      expect(await subscription.next()).toBeNull();
      expect(api.orchestrator.following).toBe(0);
    });

    test.each([-1, 10_001])('a tail of %i is refused', async (tail) => {
      expect((await (await api.subscribe(ada.token, ON_LOGS, { serviceId: id, tail })).next())?.faults?.map(({ path }) => path)).toEqual(['tail']);
    });

    test('without a cluster it is refused', async () => {
      const ready = api.orchestrator.state;
      api.orchestrator.state = { kind: 'none' };
      try {
        expect((await (await api.subscribe(ada.token, ON_LOGS, { serviceId: id })).next())?.code).toBe('CLUSTER_REQUIRED');
      } finally {
        api.orchestrator.state = ready;
      }
    });
  });

  describe('end with the access, within 2 s,', () => {
    const open = async (token: string) => {
      api.orchestrator.batches.push({ lines: [], dropped: 0, gap: false, cursor: null });
      const all = [
        await api.subscribe(token, ON_SERVICE, { serviceId: id }),
        await api.subscribe(token, ON_DEPLOYMENT, { deploymentId }),
        await api.subscribe(token, ON_LOGS, { serviceId: id }),
      ];
      for (const subscription of all) expect((await subscription.next())?.code).toBeUndefined();
      return all;
    };
    const endsWith = async (subscriptions: Awaited<ReturnType<typeof open>>, code: string, began = Date.now()) => {
      for (const subscription of subscriptions) {
        expect((await subscription.next())?.code).toBe(code);
        expect(await subscription.next()).toBeNull();
      }
      expect(Date.now() - began).toBeLessThan(2000);
      expect(api.orchestrator.following).toBe(0);
    };

    test('when the token is revoked', async () => {
      const token = await api.tokenOf(ada, {});
      const subscriptions = await open(token);
      const [{ id: tokenId }] = await api.em.execute<[{ id: string }]>('select id from token order by created_at desc, id desc limit 1');
      await api.run(ada.token, REVOKE_TOKEN, { id: tokenId });
      await endsWith(subscriptions, 'UNAUTHENTICATED');
    });

    test('when the token expires', async () => {
      const expiresAt = new Date(Date.now() + 8_000);
      const subscriptions = await open(await api.tokenOf(ada, { expiresAt }));
      await endsWith(subscriptions, 'UNAUTHENTICATED', expiresAt.getTime());
    });

    test('when the membership ends, and not when only another\'s does', async () => {
      const [bob, eve] = [await api.account('Bob'), await api.account('Eve')];
      for (const member of [bob, eve]) await api.addMember(ada.teamId, member, Role.VIEWER);
      const subscriptions = await open(bob.token);
      await api.em.execute('delete from membership where team_id = ? and account_id = ?', [ada.teamId, eve.id]);
      await api.run(ada.token, PAUSE, { id, pause: true });
      expect((await subscriptions[0]!.next())?.data.serviceChanged.paused).toBe(true);
      await api.em.execute('delete from membership where team_id = ? and account_id = ?', [ada.teamId, bob.id]);
      await endsWith(subscriptions, 'NOT_FOUND');
    });
  });
});
