import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Role } from '../../src/entities/roles.js';
import {
  CONNECTION, CREATE_DATABASE, DATABASE_OF, DATABASES, DELETE_DATABASE, LINK_DATABASE, MY_POSTGRES, PAUSE_DATABASE, RESIZE_DATABASE, ROTATE_DATABASE, UNDELETE_DATABASE,
  ADD_MEMBER, CHANGE_MEMBER, DELETE_TEAM, LEAVE_TEAM, REMOVE_MEMBER, TEAM, UPDATE_TEAM,
  CANCEL, CREATE_ENVIRONMENT, CREATE_TOKEN, DELETE, DELETE_ENVIRONMENT, DEPLOY, DEPLOYMENT, DEPLOYMENTS, ENVIRONMENTS, GET, LIST, LOGS, MY_SERVICE, ON_DEPLOYMENT,
  ON_LOGS, ON_SERVICE, PAUSE, REDEPLOY, REVOKE_TOKEN, TOKENS, UPDATE,
} from '../support/operations.js';
import { TestApi, type TestAccount } from '../support/test-api.js';

const MISSING = '01900000-0000-7000-8000-000000000000';

/** Every operation that takes an id, and the id that it takes. */
const BY_ID: [string, string, 'service' | 'deployment' | 'environment' | 'team' | 'token' | 'database', (id: string) => Record<string, unknown>][] = [
  ['service', GET, 'service', (id) => ({ id })],
  ['services', LIST, 'team', (teamId) => ({ teamId })],
  ['environments', ENVIRONMENTS, 'team', (teamId) => ({ teamId })],
  ['deployments', DEPLOYMENTS, 'service', (serviceId) => ({ serviceId })],
  ['deployment', DEPLOYMENT, 'deployment', (id) => ({ id })],
  ['serviceLogs', LOGS, 'service', (serviceId) => ({ serviceId })],
  ['deployService', DEPLOY, 'team', (teamId) => ({ input: { name: 'intruder', image: 'nginx', teamId } })],
  ['updateService', UPDATE, 'service', (id) => ({ id, input: { replicas: 9, env: { STOLEN: '1' } } })],
  ['deleteService', DELETE, 'service', (id) => ({ id })],
  ['redeployService', REDEPLOY, 'service', (id) => ({ id })],
  ['pauseService', PAUSE, 'service', (id) => ({ id, pause: true })],
  ['cancelDeployment', CANCEL, 'deployment', (id) => ({ id })],
  ['createEnvironment', CREATE_ENVIRONMENT, 'team', (teamId) => ({ input: { name: 'intruder', teamId } })],
  ['deleteEnvironment', DELETE_ENVIRONMENT, 'environment', (id) => ({ id })],
  ['databases', DATABASES, 'team', (teamId) => ({ teamId })],
  ['database', DATABASE_OF, 'database', (id) => ({ id })],
  ['databaseConnection', CONNECTION, 'database', (id) => ({ id })],
  ['createDatabase', CREATE_DATABASE, 'team', (teamId) => ({ input: { ...MY_POSTGRES, name: 'intruder', teamId } })],
  ['deleteDatabase', DELETE_DATABASE, 'database', (id) => ({ id, force: 'my-postgres' })],
  ['undeleteDatabase', UNDELETE_DATABASE, 'database', (id) => ({ id })],
  ['pauseDatabase', PAUSE_DATABASE, 'database', (id) => ({ id, pause: true })],
  ['resizeDatabase', RESIZE_DATABASE, 'database', (id) => ({ id, input: { size: 'large' } })],
  ['rotateDatabaseCredentials', ROTATE_DATABASE, 'database', (id) => ({ id })],
  ['linkDatabase', LINK_DATABASE, 'service', (serviceId) => ({ serviceId, databaseId: MISSING })],
  ['team', TEAM, 'team', (id) => ({ id })],
  ['updateTeam', UPDATE_TEAM, 'team', (id) => ({ id, input: { name: 'Stolen' } })],
  ['deleteTeam', DELETE_TEAM, 'team', (id) => ({ id, confirm: 'Personal' })],
  ['leaveTeam', LEAVE_TEAM, 'team', (id) => ({ id })],
  ['addTeamMember', ADD_MEMBER, 'team', (teamId) => ({ teamId, input: { email: 'eve@example.com', role: 'OWNER' } })],
  ['changeMemberRole', CHANGE_MEMBER, 'team', (teamId) => ({ teamId, id: MISSING, input: { role: 'OWNER' } })],
  ['removeTeamMember', REMOVE_MEMBER, 'team', (teamId) => ({ teamId, id: MISSING })],
  ['createToken', CREATE_TOKEN, 'team', (teamId) => ({ input: { teamId } })],
  ['revokeToken', REVOKE_TOKEN, 'token', (id) => ({ id })],
];
const SUBSCRIPTIONS: typeof BY_ID = [
  ['serviceChanged', ON_SERVICE, 'service', (serviceId) => ({ serviceId })],
  ['deploymentProgress', ON_DEPLOYMENT, 'deployment', (deploymentId) => ({ deploymentId })],
  ['serviceLogs', ON_LOGS, 'service', (serviceId) => ({ serviceId })],
];

describe('between tenants', () => {
  let api: TestApi;
  let ada: TestAccount;
  let eve: TestAccount;
  const ids: Record<string, string> = {};

  beforeAll(async () => {
    api = await TestApi.start();
    ada = await api.account('Ada');
    eve = await api.account('Eve');
    const { createEnvironment } = (await api.run(ada.token, CREATE_ENVIRONMENT, { input: { name: 'staging' } })).data;
    const { deployService } = (await api.run(ada.token, DEPLOY, { input: MY_SERVICE })).data;
    const { createDatabase } = (await api.run(ada.token, CREATE_DATABASE, { input: MY_POSTGRES })).data;
    Object.assign(ids, {
      database: createDatabase.id,
      service: deployService.id,
      deployment: deployService.latestDeployment.id,
      environment: createEnvironment.id,
      team: ada.teamId,
      token: ada.tokenId,
    });
  });
  afterAll(() => api.stop());

  const stateOfAda = () => api.em.execute(`select to_jsonb(service) as service from service union all select to_jsonb(deployment) from deployment union all select to_jsonb(environment) from environment union all select to_jsonb(managed_database) from managed_database`);

  test('the table above holds every operation with an id', () => {
    const fields = [api.schema.getQueryType()!, api.schema.getMutationType()!].flatMap((type) => Object.values(type.getFields()));
    const others = ['viewer', 'teams', 'tokens', 'createTeam', 'acceptInvitation'];
    expect([...BY_ID.map(([name]) => name), ...others].sort()).toEqual(fields.map(({ name }) => name).sort());
    expect(SUBSCRIPTIONS.map(([name]) => name).sort()).toEqual(Object.keys(api.schema.getSubscriptionType()!.getFields()).sort());
  });

  test.each(BY_ID)("%s of another's looks like one that is missing, and changes nothing", async (_, text, noun, variables) => {
    const before = [await api.counts(), await stateOfAda()];
    const foreign = await api.run(eve.token, text, variables(ids[noun]!));
    const missing = await api.run(eve.token, text, variables(MISSING));
    expect(foreign.code).toBe('NOT_FOUND');
    const withoutRequest = (answer: string) => answer.replace(/"requestId":"[^"]+"/, '');
    expect(withoutRequest(foreign.text)).toBe(withoutRequest(missing.text));
    const { 'public.costly_call': _calls, ...counts } = await api.counts();
    const { 'public.costly_call': _before, ...countsBefore } = before[0] as Record<string, number>;
    expect([counts, await stateOfAda()]).toEqual([countsBefore, before[1]]);
  });

  test.each(SUBSCRIPTIONS)("a subscription to %s of another's is refused like one that is missing", async (_, text, noun, variables) => {
    for (const id of [ids[noun]!, MISSING]) {
      const subscription = await api.subscribe(eve.token, text, variables(id));
      expect((await subscription.next())?.code).toBe('NOT_FOUND');
      expect(await subscription.next()).toBeNull();
    }
    expect(api.orchestrator.asked).toEqual([]);
  });

  test('lists show what is one\'s own and nothing else', async () => {
    expect((await api.run(eve.token, LIST)).data.services.nodes).toEqual([]);
    expect((await api.run(eve.token, ENVIRONMENTS)).data.environments).toMatchObject([{ name: 'production', teamId: eve.teamId }]);
    expect((await api.run(eve.token, TOKENS)).data.tokens.map(({ id }: any) => id)).toEqual([eve.tokenId]);
    expect((await api.run(ada.token, GET, { id: ids['service']! })).data.service.id).toBe(ids['service']);
  });

  test('a token that is held to a team knows no other, also of its own account', async () => {
    const bob = await api.account('Bob');
    await api.addMember(ada.teamId, bob, Role.ADMIN);
    const held = await api.tokenOf(bob, { teamId: bob.teamId });
    const free = await api.tokenOf(bob, {});
    for (const [, text, noun, variables] of BY_ID.filter(([name]) => !['createToken', 'revokeToken'].includes(name))) {
      expect((await api.run(held, text, variables(ids[noun]!))).code).toBe('NOT_FOUND');
    }
    expect((await api.run(held, CREATE_TOKEN, { input: { teamId: ada.teamId } })).code).toBe('NOT_FOUND');
    expect((await api.run(held, CREATE_TOKEN)).data.createToken.teamId).toBe(bob.teamId);
    expect((await api.run(held, LIST)).data.services.nodes).toEqual([]);
    expect((await api.run(free, LIST)).data.services.nodes).toHaveLength(1);
  });

  test('a held token makes new things in its own team', async () => {
    const bob = await api.account('Bob');
    await api.addMember(ada.teamId, bob, Role.DEVELOPER);
    const held = await api.tokenOf(bob, { teamId: ada.teamId });
    expect((await api.run(held, CREATE_ENVIRONMENT, { input: { name: 'of-ada' } })).data.createEnvironment.teamId).toBe(ada.teamId);
  });
});
