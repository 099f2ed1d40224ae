import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Role } from '../../src/entities/roles.js';
import { CREATE_ENVIRONMENT, CREATE_TOKEN, DEPLOY, ENVIRONMENTS, GET, LIST, MY_SERVICE, TOKENS } from '../support/operations.js';
import { documentFor, SAMPLES } from '../support/samples.js';
import { TestApi, type TestAccount } from '../support/test-api.js';
import { createWorld, NOWHERE, type World } from '../support/world.js';

const BY_ID = SAMPLES.filter(({ noId, coordinate }) => !noId && !coordinate.startsWith('Subscription.')).map((sample) => [sample.coordinate, sample] as const);
const SUBSCRIPTIONS = SAMPLES.filter(({ coordinate }) => coordinate.startsWith('Subscription.')).map((sample) => [sample.coordinate, sample] as const);

describe('between tenants', () => {
  let api: TestApi;
  let ada: TestAccount;
  let eve: TestAccount;
  let world: World;
  let serviceId: string;

  beforeAll(async () => {
    api = await TestApi.start();
    ada = await api.account('Ada');
    eve = await api.account('Eve');
    world = await createWorld(api, ada);
    serviceId = (await api.run(ada.token, DEPLOY, { input: MY_SERVICE })).data.deployService.id;
  });
  afterAll(() => api.stop());

  const state = () =>
    api.em.execute(
      `select row from (${['service', 'deployment', 'environment', 'env_group', 'service_env_group', 'managed_database', 'team', 'membership', 'invitation', 'token'].map((table) => `select to_jsonb(${table}) - 'last_used_at' as row from ${table}`).join(' union all ')}) everything order by row::text`,
    );

  test.each(BY_ID)("%s of another's looks like one that is missing, and changes nothing", async (coordinate, { variables }) => {
    const { 'public.costly_call': _before, ...before } = await api.counts();
    const rows = await state();
    const text = documentFor(api.schema, coordinate);
    const foreign = await api.run(eve.token, text, variables(world));
    const missing = await api.run(eve.token, text, variables(NOWHERE));
    expect(foreign.code).toBe('NOT_FOUND');
    const withoutRequest = (answer: string) => answer.replace(/"requestId":"[^"]+"/, '');
    expect(withoutRequest(foreign.text)).toBe(withoutRequest(missing.text));
    const { 'public.costly_call': _after, ...after } = await api.counts();
    expect([after, await state()]).toEqual([before, rows]);
  });

  test.each(SUBSCRIPTIONS)("%s of another's is refused like one that is missing", async (coordinate, { variables }) => {
    for (const place of [world, NOWHERE]) {
      const subscription = await api.subscribe(eve.token, documentFor(api.schema, coordinate), variables(place));
      expect((await subscription.next())?.code).toBe('NOT_FOUND');
      expect(await subscription.next()).toBeNull();
    }
    expect(api.orchestrator.asked).toEqual([]);
  });

  test('lists show what is one\'s own and nothing else', async () => {
    expect((await api.run(eve.token, LIST)).data.services.nodes).toEqual([]);
    expect((await api.run(eve.token, ENVIRONMENTS)).data.environments).toMatchObject([{ name: 'production', teamId: eve.teamId }]);
    expect((await api.run(eve.token, 'query { envGroups { id } }')).data.envGroups).toEqual([]);
    expect((await api.run(eve.token, TOKENS)).data.tokens.map(({ id }: any) => id)).toEqual([eve.tokenId]);
    expect((await api.run(ada.token, GET, { id: serviceId })).data.service.id).toBe(serviceId);
  });

  test('a token that is held to a team knows no other, also of its own account', async () => {
    const bob = await api.account('Bob');
    await api.addMember(world.teamId, bob, Role.ADMIN);
    const held = await api.tokenOf(bob, { teamId: bob.teamId });
    const free = await api.tokenOf(bob, {});
    for (const [coordinate, { variables }] of BY_ID) {
      expect([coordinate, (await api.run(held, documentFor(api.schema, coordinate), variables(world))).code]).toEqual([coordinate, 'NOT_FOUND']);
    }
    expect((await api.run(held, CREATE_TOKEN, { input: { teamId: world.teamId } })).code).toBe('NOT_FOUND');
    expect((await api.run(held, CREATE_TOKEN)).data.createToken.teamId).toBe(bob.teamId);
    expect((await api.run(held, LIST)).data.services.nodes).toEqual([]);
    expect((await api.run(free, LIST)).data.services.nodes).toHaveLength(2);
  });

  test('a held token makes new things in its own team', async () => {
    const bob = await api.account('Bob');
    await api.addMember(ada.teamId, bob, Role.DEVELOPER);
    const held = await api.tokenOf(bob, { teamId: ada.teamId });
    expect((await api.run(held, CREATE_ENVIRONMENT, { input: { name: 'of-ada' } })).data.createEnvironment.teamId).toBe(ada.teamId);
  });
});
