import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DEPLOY, DEPLOYMENTS, MY_SERVICE, UPDATE } from '../../support/operations.js';
import { TestApi, type TestAccount } from '../../support/test-api.js';

describe('updateService', () => {
  let api: TestApi;
  let ada: TestAccount;
  let id: string;
  let made = 0;

  beforeAll(async () => {
    api = await TestApi.start();
    ada = await api.account('Ada');
  });
  afterAll(() => api.stop());
  beforeEach(async () => {
    made += 1;
    id = (await api.run(ada.token, DEPLOY, { input: { ...MY_SERVICE, name: `service-${made}` } })).data.deployService.id;
  });

  const update = (input: object) => api.run(ada.token, UPDATE, { id, input });
  const deployments = async () => (await api.run(ada.token, DEPLOYMENTS, { serviceId: id })).data.deployments.nodes;
  const generation = async () => (await api.em.execute<any[]>('select generation from service where id = ?', [id]))[0].generation;

  test.each([
    ['image', { image: 'nginx:1.27' }],
    ['containerPort', { containerPort: 8080 }],
    ['command', { command: ['nginx'] }],
    ['args', { args: ['-g', 'daemon off;'] }],
    ['healthCheck', { healthCheck: { path: '/', intervalSeconds: 10, timeoutSeconds: 5 } }],
    ['resources', { resources: { cpu: '500m', memory: '1Gi' } }],
  ])('a changed %s is a new deployment, which takes the place of the unfinished one', async (_, change) => {
    const { data } = await update(change);
    expect(data.updateService).toMatchObject({ ...change, replicas: 2, public: true });
    const [newest, older, ...more] = await deployments();
    expect(more).toEqual([]);
    expect(newest).toMatchObject({ id: data.updateService.latestDeployment.id, state: 'QUEUED', trigger: 'API' });
    expect(older).toMatchObject({ state: 'SUPERSEDED', reason: { code: 'SUPERSEDED', message: 'A newer deployment took its place.' } });
  });

  test.each([
    ['replicas', { replicas: 5 }],
    ['public', { public: false }],
  ])('a changed %s takes effect without a deployment', async (_, change) => {
    const before = await generation();
    expect((await update(change)).data.updateService).toMatchObject(change);
    expect(await deployments()).toHaveLength(1);
    expect(await generation()).toBe(before + 1);
  });

  test('what is the same already changes nothing', async () => {
    const before = [await generation(), await api.counts()];
    const answer = await update({ ...MY_SERVICE, name: `service-${made}`, environment: 'production', teamId: ada.teamId });
    expect(answer.code).toBeUndefined();
    expect([await generation(), await api.counts()]).toEqual(before);
  });

  test('null goes back to the default, where a field has one', async () => {
    await update({ command: ['nginx'], args: ['-t'], healthCheck: { path: '/' }, resources: { cpu: '2', memory: '1Gi' } });
    const { data } = await update({ command: null, args: null, healthCheck: null, resources: null, containerPort: null, public: false });
    expect(data.updateService).toMatchObject({ command: null, args: null, healthCheck: null, containerPort: null, resources: { cpu: '500m', memory: '256Mi' } });
  });

  test('variables are set and taken away one by one, and older deployments keep theirs', async () => {
    await update({ env: { A: '1', B: '2' } });
    await update({ env: { A: 'changed', NODE_ENV: null } });
    const rows = await api.em.execute<any[]>('select id, key, revision, replaced_at is null as current from variable where service_id = ? order by key, revision', [id]);
    expect(rows.map(({ key, revision, current }) => `${key}${revision}${current ? '' : ' replaced'}`)).toEqual(['A1 replaced', 'A2', 'B1', 'NODE_ENV1 replaced']);
    const pinned = await api.em.execute<any[]>('select variable_ids from deployment where service_id = ? order by created_at, id', [id]);
    const named = (ids: string[]) => ids.map((variable) => rows.find((row) => row.id === variable)).map(({ key, revision }) => `${key}${revision}`);
    expect(pinned.map((row) => named(row.variable_ids))).toEqual([['NODE_ENV1'], ['A1', 'B1', 'NODE_ENV1'], ['A2', 'B1']]);
  });

  test.each([
    ['public', { containerPort: null }],
    ['name', { name: 'another' }],
    ['environment', { environment: 'staging' }],
    ['teamId', { teamId: '00000000-0000-7000-8000-000000000000' }],
    ['replicas', { replicas: 101 }],
    ['env.1BAD', { env: { '1BAD': 'x' } }],
    ['colour', { colour: 'blue' }],
  ])('a fault of %s is named and nothing is changed', async (path, change) => {
    const before = [await generation(), await api.counts()];
    const { code, faults } = await update(change);
    expect(code).toBe('BAD_REQUEST');
    expect(faults?.map((fault) => fault.path)).toEqual([path]);
    expect([await generation(), await api.counts()]).toEqual(before);
  });
});
