import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CREATE_ENVIRONMENT, DELETE, DELETE_ENVIRONMENT, DEPLOY, ENVIRONMENTS } from '../../support/operations.js';
import { TestApi, type TestAccount } from '../../support/test-api.js';

describe('environments', () => {
  let api: TestApi;
  let ada: TestAccount;

  beforeAll(async () => {
    api = await TestApi.start();
    ada = await api.account('Ada');
  });
  afterAll(() => api.stop());

  const create = (input: object) => api.run(ada.token, CREATE_ENVIRONMENT, { input });
  const remove = (id: string) => api.run(ada.token, DELETE_ENVIRONMENT, { id });
  const names = async () => (await api.run(ada.token, ENVIRONMENTS)).data.environments.map(({ name }: any) => name);

  test('a new one is a namespace of its own, which no other has', async () => {
    const { data } = await create({ name: 'staging' });
    expect(data.createEnvironment).toMatchObject({ name: 'staging', teamId: ada.teamId });
    const rows = await api.em.execute<any[]>('select namespace from environment');
    expect(new Set(rows.map(({ namespace }) => namespace)).size).toBe(rows.length);
    for (const { namespace } of rows) expect(namespace).toMatch(/^apex-[0-9a-f]{8}-[0-9a-f]{8}-[a-z0-9-]{1,40}$/);
  });

  test('works without a cluster', async () => {
    const ready = api.orchestrator.state;
    api.orchestrator.state = { kind: 'none' };
    try {
      const { data } = await create({ name: 'offline' });
      expect((await remove(data.createEnvironment.id)).code).toBeUndefined();
    } finally {
      api.orchestrator.state = ready;
    }
  });

  test.each([
    ['is already taken in this team', { name: 'staging' }],
    ['must be a DNS label: small letters, digits and hyphens, a letter first and no hyphen last', { name: 'Staging' }],
    ['must be at most 40 characters', { name: 'a'.repeat(41) }],
  ])('a name that %s is refused', async (message, input) => {
    const before = await api.counts();
    expect((await create(input)).faults).toEqual([{ path: 'name', message }]);
    expect(await api.counts()).toEqual(before);
  });

  test('one with a service stays, until the service is gone; its name is free then', async () => {
    const { id } = (await create({ name: 'busy' })).data.createEnvironment;
    const service = (await api.run(ada.token, DEPLOY, { input: { name: 'web', image: 'nginx', environment: 'busy' } })).data.deployService;
    expect(service.environment).toEqual({ id, name: 'busy' });
    expect(await remove(id)).toMatchObject({ code: 'BAD_REQUEST', message: 'The environment "busy" still has a service: delete it first.' });
    await api.run(ada.token, DELETE, { id: service.id });
    expect((await remove(id)).data.deleteEnvironment).toEqual({ id, name: 'busy' });
    expect(await names()).not.toContain('busy');
    expect((await remove(id)).code).toBe('NOT_FOUND');
    expect((await api.run(ada.token, DEPLOY, { input: { name: 'web', image: 'nginx', environment: 'busy' } })).faults).toEqual([
      { path: 'environment', message: 'does not exist in this team; create it first' },
    ]);
    expect((await create({ name: 'busy' })).code).toBeUndefined();
    expect(await api.em.execute('select data from pgboss.job where data @> ?::jsonb', [JSON.stringify({ key: `environment/${id}` })])).toHaveLength(1);
  });

  test('a deploy into it and its deletion at once: never a service without its environment', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { id } = (await create({ name: `race-${round}` })).data.createEnvironment;
      await Promise.all([api.run(ada.token, DEPLOY, { input: { name: 'web', image: 'nginx', environment: `race-${round}` } }), remove(id)]);
    }
    expect(
      await api.em.execute(`select 1 from service join environment on environment.id = environment_id where service.deleted_at is null and environment.deleted_at is not null`),
    ).toEqual([]);
  });

  test('production stays', async () => {
    const [production] = (await api.run(ada.token, ENVIRONMENTS)).data.environments;
    expect(await remove(production.id)).toMatchObject({ code: 'BAD_REQUEST', message: 'The environment "production" cannot be deleted: every team has it.' });
  });
});
