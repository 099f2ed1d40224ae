import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DeploymentState } from '../../../src/entities/deployment-state.js';
import { moveDeployment } from '../../../src/entities/deployment-log.js';
import { CANCEL, DELETE, DEPLOY, DEPLOYMENT, DEPLOYMENTS, GET, LIST, MY_SERVICE, PAUSE, REDEPLOY } from '../../support/operations.js';
import { TestApi, type TestAccount } from '../../support/test-api.js';

describe('the life of a service', () => {
  let api: TestApi;
  let ada: TestAccount;
  let id: string;
  let first: string;
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
    first = data.deployService.latestDeployment.id;
  });

  const run = (text: string, variables: object) => api.run(ada.token, text, { ...variables });

  test('redeploy is a new deployment of the same', async () => {
    const { data } = await run(REDEPLOY, { id });
    expect(data.redeployService.latestDeployment).toMatchObject({ state: 'QUEUED', trigger: 'REDEPLOY', image: 'nginx:alpine' });
    const asked = await api.run(ada.token, 'query ($id: ID!) { service(id: $id) { latestDeployment { trigger createdBy { accountId name token } } } }', { id });
    expect(asked.data.service.latestDeployment).toEqual({ trigger: 'REDEPLOY', createdBy: { accountId: ada.id, name: 'Ada', token: 'test' } });
    const specs = await api.em.execute<any[]>('select spec, variable_ids from deployment where service_id = ?', [id]);
    expect(specs[0]).toEqual(specs[1]);
  });

  test('of several redeploys at once one is left unfinished, and the others were superseded in turn', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => run(REDEPLOY, { id })));
    expect(answers.map(({ code }) => code)).toEqual(Array(5).fill(undefined));
    const { data } = await run(DEPLOYMENTS, { serviceId: id });
    expect(data.deployments.nodes.map(({ state }: any) => state).sort()).toEqual(['QUEUED', ...Array(5).fill('SUPERSEDED')]);
  });

  test('pause keeps the intent, and to pause again changes nothing', async () => {
    expect((await run(PAUSE, { id, pause: true })).data.pauseService).toMatchObject({ paused: true, status: 'PAUSED', replicas: 2 });
    const before = await api.em.execute('select generation from service where id = ?', [id]);
    await run(PAUSE, { id, pause: true });
    expect(await api.em.execute('select generation from service where id = ?', [id])).toEqual(before);
    expect((await run(PAUSE, { id, pause: false })).data.pauseService).toMatchObject({ paused: false, status: 'PENDING' });
  });

  test('a deleted service is not found, its deployment is canceled, and its name and host are free', async () => {
    expect((await run(DELETE, { id })).data.deleteService).toEqual({ id, status: 'DELETING' });
    for (const [text, variables] of [[GET, { id }], [DELETE, { id }], [PAUSE, { id, pause: true }], [REDEPLOY, { id }], [DEPLOYMENTS, { serviceId: id }], [DEPLOYMENT, { id: first }], [CANCEL, { id: first }]] as const) {
      expect((await run(text, variables)).code).toBe('NOT_FOUND');
    }
    expect((await run(LIST, {})).data.services.nodes.map((node: any) => node.id)).not.toContain(id);
    expect(await api.em.execute('select state, reason_code from deployment where id = ?', [first])).toEqual([{ state: 'CANCELED', reason_code: 'CANCELED' }]);
    const again = await run(DEPLOY, { input: { ...MY_SERVICE, name: `service-${made}` } });
    expect(again.data.deployService).toMatchObject({ url: `http://service-${made}.apex.localhost:8080` });
  });

  test('cancel ends an unfinished deployment once', async () => {
    expect((await run(CANCEL, { id: first })).data.cancelDeployment).toMatchObject({ state: 'CANCELED', reason: { code: 'CANCELED' } });
    const { data } = await run(CANCEL, { id: first });
    expect(data.cancelDeployment.state).toBe('CANCELED');
    expect(await api.em.execute('select number, state from deployment_event where deployment_id = ? order by number', [first])).toEqual([
      { number: 1, state: 'QUEUED' },
      { number: 2, state: 'CANCELED' },
    ]);
    expect((await run(GET, { id })).data.service.status).toBe('FAILED');
  });

  test('what has ended otherwise cannot be canceled', async () => {
    await run(REDEPLOY, { id });
    expect(await run(CANCEL, { id: first })).toMatchObject({ code: 'BAD_REQUEST', message: 'The deployment has ended already: it is SUPERSEDED.' });
  });

  test('a cancel and a move of the reconciler at once: one of them wins, and the events tell the same story', async () => {
    const move = () => api.em.transactional((tx) => moveDeployment(tx, { id: first, from: DeploymentState.QUEUED, to: DeploymentState.PREPARING }));
    await Promise.all([run(CANCEL, { id: first }), move()]);
    const events = await api.em.execute<any[]>('select number, state from deployment_event where deployment_id = ? order by number', [first]);
    expect(events.map(({ number }) => number)).toEqual(events.map((_, index) => index + 1));
    expect(events.at(-1).state).toBe('CANCELED');
    expect((await run(DEPLOYMENT, { id: first })).data.deployment.state).toBe('CANCELED');
  });

  test.each([
    ['redeploy', REDEPLOY, {}],
    ['pause', PAUSE, { pause: true }],
    ['delete', DELETE, {}],
  ])('without a cluster %s is refused and changes nothing', async (_, text, variables) => {
    const before = [await api.counts(), await run(GET, { id })];
    const ready = api.orchestrator.state;
    api.orchestrator.state = { kind: 'none' };
    try {
      expect((await run(text, { id, ...variables })).code).toBe('CLUSTER_REQUIRED');
    } finally {
      api.orchestrator.state = ready;
    }
    expect([await api.counts(), await run(GET, { id })]).toEqual(before);
  });

  test.each([
    ['service', GET],
    ['deployment', DEPLOYMENT],
    ['redeployService', REDEPLOY],
  ])('%s with a malformed id is not found', async (_, text) => {
    expect((await run(text, { id: "' or 1=1 --" })).code).toBe('NOT_FOUND');
  });
});
