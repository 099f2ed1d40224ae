import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CANCEL, CREATE_TOKEN, DELETE, DEPLOY, DEPLOYMENTS, LIST, MY_SERVICE, PAUSE, REDEPLOY } from '../../support/operations.js';
import { TestApi, type TestAccount } from '../../support/test-api.js';

const KEYED_DEPLOY = `mutation ($input: DeployServiceInput!, $key: String) { deployService(input: $input, clientMutationId: $key) { id name status } }`;
const KEYED_REDEPLOY = `mutation ($id: ID!, $key: String) { redeployService(id: $id, clientMutationId: $key) { id latestDeployment { id state } } }`;
const KEYED_TOKEN = `mutation ($key: String) { createToken(input: { name: "ci" }, clientMutationId: $key) { id token expiresAt } }`;

describe('a change with a key of its client', () => {
  let api: TestApi;
  let ada: TestAccount;
  let eve: TestAccount;
  beforeAll(async () => {
    api = await TestApi.start();
    ada = await api.account('Ada');
    eve = await api.account('Eve');
  });
  afterAll(() => api.stop());

  const input = (name: string) => ({ ...MY_SERVICE, name });
  const countOf = async (name: string) => (await api.run(ada.token, LIST)).data.services.nodes.filter((node: any) => node.name === name).length;

  test('is done once, and its first answer is replayed, byte for byte', async () => {
    const first = await api.runKeyed(ada.token, 'once', DEPLOY, { input: input('once') });
    expect(first.data.deployService).toMatchObject({ name: 'once', status: 'PENDING' });
    await api.run(ada.token, PAUSE, { id: first.data.deployService.id, pause: true });
    const before = await api.counts();
    const again = await api.runKeyed(ada.token, 'once', DEPLOY, { input: input('once') });
    expect(again.text).toBe(first.text);
    expect(await api.counts()).toEqual(before);
  });

  test('the same key with another input is a 400 and changes nothing', async () => {
    await api.runKeyed(ada.token, 'other', DEPLOY, { input: input('other') });
    const before = await api.counts();
    for (const [text, variables] of [[DEPLOY, { input: input('another') }], [CREATE_TOKEN, { input: { name: 'x' } }]] as const) {
      const refused = await api.runKeyed(ada.token, 'other', text, { ...variables });
      expect(refused).toMatchObject({ code: 'BAD_REQUEST', faults: [{ path: 'Idempotency-Key' }] });
    }
    expect(await api.counts()).toEqual(before);
  });

  test.each(['Idempotency-Key', 'clientMutationId'])('50 calls at once with one %s make one deployment', async (field) => {
    const name = field === 'clientMutationId' ? 'fifty-graphql' : 'fifty-rest';
    const call = () => (field === 'clientMutationId' ? api.run(ada.token, KEYED_DEPLOY, { input: input(name), key: name }) : api.runKeyed(ada.token, name, DEPLOY, { input: input(name) }));
    const answers = await Promise.all(Array.from({ length: 50 }, call));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(await countOf(name)).toBe(1);
    const { data } = await api.run(ada.token, DEPLOYMENTS, { serviceId: answers[0]!.data.deployService.id });
    expect(data.deployments.nodes).toHaveLength(1);
  });

  test('50 redeploys at once with one key are one', async () => {
    const id = (await api.run(ada.token, DEPLOY, { input: input('redeployed') })).data.deployService.id;
    await Promise.all(Array.from({ length: 50 }, () => api.run(ada.token, KEYED_REDEPLOY, { id, key: 'again' })));
    expect((await api.run(ada.token, DEPLOYMENTS, { serviceId: id })).data.deployments.nodes).toHaveLength(2);
  });

  test('a key belongs to its account, and a clientMutationId is no Idempotency-Key', async () => {
    const mine = await api.runKeyed(ada.token, 'shared', DEPLOY, { input: input('shared') });
    const hers = await api.runKeyed(eve.token, 'shared', DEPLOY, { input: input('shared') });
    expect(hers.data.deployService.id).not.toBe(mine.data.deployService.id);
    expect((await api.run(ada.token, KEYED_DEPLOY, { input: input('shared'), key: 'shared' })).faults).toEqual([{ path: 'name', message: 'is already taken in this environment' }]);
  });

  test('in GraphQL the id is kept and the selection is resolved again', async () => {
    const first = await api.run(ada.token, KEYED_DEPLOY, { input: input('selected'), key: 'selected' });
    const { id } = first.data.deployService;
    await api.run(ada.token, PAUSE, { id, pause: true });
    const again = await api.run(ada.token, KEYED_DEPLOY, { input: input('selected'), key: 'selected' });
    expect(again.data.deployService).toEqual({ id, name: 'selected', status: 'PAUSED' });
    const more = `mutation ($input: DeployServiceInput!, $key: String) { deployService(input: $input, clientMutationId: $key) { id replicas environment { name } latestDeployment { state steps { name } } } }`;
    expect((await api.run(ada.token, more, { input: input('selected'), key: 'selected' })).data.deployService).toEqual({
      id, replicas: 2, environment: { name: 'production' }, latestDeployment: { state: 'QUEUED', steps: [] },
    });
    await api.run(ada.token, DELETE, { id });
    expect((await api.run(ada.token, KEYED_DEPLOY, { input: input('selected'), key: 'selected' })).data.deployService.id).toBe(id);
  });

  test('a token is answered again, and its secret is nowhere in the database', async () => {
    const first = await api.run(ada.token, KEYED_TOKEN, { key: 'token' });
    const { token } = first.data.createToken;
    expect((await api.run(ada.token, KEYED_TOKEN, { key: 'token' })).text).toBe(first.text);
    const rest = await api.runKeyed(ada.token, 'token', CREATE_TOKEN, { input: { name: 'ci' } });
    const rows = JSON.stringify(await api.em.execute('select * from idempotent_call'));
    for (const secret of [token, rest.data.createToken.token, 'NODE_ENV', 'fifty-rest']) expect(rows).not.toContain(secret);
  });

  test('a replay passes the guards: a token with less may not have the answer', async () => {
    await api.runKeyed(ada.token, 'guarded', CREATE_TOKEN, { input: { name: 'ci' } });
    await api.run(ada.token, KEYED_TOKEN, { key: 'guarded' });
    const reader = await api.tokenOf(ada, { scopes: ['read'] });
    expect((await api.runKeyed(reader, 'guarded', CREATE_TOKEN, { input: { name: 'ci' } })).code).toBe('FORBIDDEN');
    expect((await api.run(reader, KEYED_TOKEN, { key: 'guarded' })).code).toBe('FORBIDDEN');
    const held = await api.tokenOf(ada, { teamId: ada.teamId });
    expect((await api.run(held, KEYED_TOKEN, { key: 'guarded' })).code).toBe('BAD_REQUEST');
  });

  test('a refusal is replayed; want of a cluster is not', async () => {
    await api.run(ada.token, DEPLOY, { input: input('refused') });
    const refused = await api.runKeyed(ada.token, 'refused', DEPLOY, { input: input('refused') });
    expect(refused.code).toBe('BAD_REQUEST');
    const ready = api.orchestrator.state;
    api.orchestrator.state = { kind: 'none' };
    try {
      expect((await api.runKeyed(ada.token, 'waiting', DEPLOY, { input: input('waiting') })).code).toBe('CLUSTER_REQUIRED');
      expect(await api.runKeyed(ada.token, 'refused', DEPLOY, { input: input('refused') })).toMatchObject({ code: 'BAD_REQUEST', faults: refused.faults });
    } finally {
      api.orchestrator.state = ready;
    }
    expect((await api.runKeyed(ada.token, 'waiting', DEPLOY, { input: input('waiting') })).data.deployService.name).toBe('waiting');
  });

  test('after 24 h the key is free, and what was kept is removed', async () => {
    const first = await api.run(ada.token, KEYED_TOKEN, { key: 'old' });
    await api.em.execute(`update idempotent_call set expires_at = now() - interval '1 second'`, [], 'run');
    const second = await api.run(ada.token, KEYED_TOKEN, { key: 'old' });
    expect(second.data.createToken.id).not.toBe(first.data.createToken.id);
  });

  test('the change and its answer are one: where the answer cannot be kept, nothing was done', async () => {
    const before = await api.counts();
    const seal = api.vault.sealOwn;
    api.vault.sealOwn = () => {
      throw new Error('killed here');
    };
    try {
      expect((await api.runKeyed(ada.token, 'torn', DEPLOY, { input: input('torn') })).code).toBe('INTERNAL');
      expect((await api.run(ada.token, KEYED_DEPLOY, { input: input('torn'), key: 'torn' })).code).toBe('INTERNAL');
    } finally {
      api.vault.sealOwn = seal;
    }
    expect(await api.counts()).toEqual(before);
    expect((await api.runKeyed(ada.token, 'torn', DEPLOY, { input: input('torn') })).data.deployService.name).toBe('torn');
  });

  test('every mutation takes one', async () => {
    const lacking = Object.values(api.schema.getMutationType()!.getFields()).filter(({ args }) => !args.some(({ name }) => name === 'clientMutationId'));
    expect(lacking).toEqual([]);
  });

  test('deployments are read as they are now', async () => {
    const { latestDeployment } = (await api.run(ada.token, DEPLOY, { input: input('canceled') })).data.deployService;
    const text = CANCEL.replace('cancelDeployment(id: $id)', 'cancelDeployment(id: $id, clientMutationId: "stop")');
    const first = await api.run(ada.token, text, { id: latestDeployment.id });
    expect(first.data.cancelDeployment.state).toBe('CANCELED');
    expect((await api.run(ada.token, text, { id: latestDeployment.id })).text).toBe(first.text);
    expect((await api.run(ada.token, REDEPLOY, { id: (await api.run(ada.token, LIST)).data.services.nodes[0].id })).code).toBeUndefined();
  });
});
