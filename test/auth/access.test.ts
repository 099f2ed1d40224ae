import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createAuthenticator } from '../../src/auth/authenticate.js';
import { Role } from '../../src/entities/roles.js';
import { DEPLOY, ENVIRONMENTS, GET, LIST, ON_SERVICE, PAUSE, REDEPLOY, REVOKE_TOKEN, TEAMS, TOKENS, UPDATE, VIEWER } from '../support/operations.js';
import { documentFor, SAMPLES } from '../support/samples.js';
import { TestApi, type TestAccount } from '../support/test-api.js';
import { createWorld, type World } from '../support/world.js';

const CREATE_TOKEN = 'mutation ($input: CreateTokenInput) { createToken(input: $input) { id token kind scopes teamId serviceId role } }';
const REVEAL = 'mutation ($id: ID!) { revealVariables(serviceId: $id) { key } }';
const PROTECT = 'mutation ($id: ID!, $protected: Boolean!) { updateEnvironment(id: $id, input: { protected: $protected }) { id protected } }';
const NARROW = 'mutation ($input: NarrowRoleInput!) { narrowRole(input: $input) { role } }';
const LOG = 'query ($id: ID!, $filter: AuditFilterInput, $first: Int, $after: String) { team(id: $id) { auditLog(filter: $filter, first: $first, after: $after) { nodes { actor action targetName outcome before after ip door createdAt } pageInfo { hasNextPage endCursor } } } }';

describe('access', () => {
  let api: TestApi;
  let ada: TestAccount;
  let world: World;

  beforeAll(async () => {
    api = await TestApi.start();
    ada = await api.account('Ada');
    world = await createWorld(api, ada);
  });
  afterAll(() => api.stop());

  const create = (input: object, by = ada.token) => api.run(by, CREATE_TOKEN, { input });
  const member = async (role: Role, teamId = world.teamId) => {
    const account = await api.account(role);
    await api.addMember(teamId, account, role);
    return account;
  };
  const productionOf = async (teamId: string): Promise<string> => (await api.run(ada.token, ENVIRONMENTS, { teamId })).data.environments.find(({ name }: any) => name === 'production').id;
  const code = async (token: string, text: string, variables: object): Promise<string | undefined> => (await api.run(token, text, variables as Record<string, unknown>)).code;

  describe('machines', () => {
    test('act for their team alone, with their own role, and outlive their maker', async () => {
      const bob = await member(Role.ADMIN);
      const { data } = await create({ machine: true, teamId: world.teamId, scopes: ['deploy'], name: 'ci' }, bob.token);
      expect(data.createToken).toMatchObject({ kind: 'MACHINE', scopes: ['deploy'], teamId: world.teamId, role: 'DEVELOPER', serviceId: null });
      const { token } = data.createToken;
      await api.em.execute('delete from membership where account_id = ?', [bob.id]);
      await api.em.execute('update account set deleted_at = now() where id = ?', [bob.id]);
      expect((await api.run(token, LIST)).data.services.nodes.map(({ id }: any) => id).sort()).toEqual([world.serviceId, world.otherServiceId].sort());
      expect((await api.run(token, REDEPLOY, { id: world.serviceId })).data.redeployService.id).toBe(world.serviceId);
      expect((await api.run(token, DEPLOY, { input: { name: 'by-machine', image: 'nginx' } })).data.deployService.teamId).toBe(world.teamId);
      expect((await api.run(token, TEAMS)).data.teams).toMatchObject([{ id: world.teamId, role: 'DEVELOPER' }]);
      expect(await code(token, REVEAL, { id: world.serviceId })).toBe('FORBIDDEN');
      for (const own of [VIEWER, TOKENS]) expect((await api.run(token, own)).code).toBe('FORBIDDEN');
      const other = await createWorld(api, ada);
      expect(await code(token, GET, { id: other.serviceId })).toBe('NOT_FOUND');
    });

    test('are made by an ADMIN, and never with more than his role', async () => {
      const [admin, developer] = [await member(Role.ADMIN), await member(Role.DEVELOPER)];
      const wish = { machine: true, teamId: world.teamId };
      expect((await create(wish, developer.token)).code).toBe('FORBIDDEN');
      expect((await create({ ...wish, role: 'OWNER' }, admin.token)).code).toBe('FORBIDDEN');
      expect((await create({ machine: true }, admin.token)).faults).toEqual([{ path: 'teamId', message: 'is required: a machine acts for one team' }]);
      expect((await create({ role: 'VIEWER' }, admin.token)).faults![0]!.path).toBe('role');
    });

    test('are seen and revoked by an ADMIN of the team, whoever made them', async () => {
      const { id, token } = (await create({ machine: true, teamId: world.teamId })).data.createToken;
      const [admin, developer] = [await member(Role.ADMIN), await member(Role.DEVELOPER)];
      const stream = await api.subscribe(token, ON_SERVICE, { serviceId: world.serviceId });
      expect((await stream.next())?.code).toBeUndefined();
      expect(await code(developer.token, REVOKE_TOKEN, { id })).toBe('FORBIDDEN');
      const listed = await api.run(admin.token, 'query ($id: ID!) { machines(teamId: $id) { id kind } }', { id: world.teamId });
      expect(listed.data.machines.map((one: any) => one.id)).toContain(id);
      const end = stream.next();
      expect(await code(admin.token, REVOKE_TOKEN, { id })).toBeUndefined();
      expect((await end)?.code).toBe('UNAUTHENTICATED');
      await expect(createAuthenticator(api.database.orm)(`Bearer ${token}`)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    });

    test('end with their team', async () => {
      const doomed = await createWorld(api, ada);
      const { token } = (await create({ machine: true, teamId: doomed.teamId })).data.createToken;
      await api.run(ada.token, 'mutation ($id: ID!, $confirm: String) { deleteTeam(id: $id, confirm: $confirm) { id } }', { id: doomed.teamId, confirm: doomed.teamName });
      await expect(api.run(token, LIST)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    });
  });

  describe('a token that is held to one service', () => {
    test('sees and changes that one, and nothing beside it', async () => {
      const held = (await create({ serviceId: world.serviceId })).data.createToken;
      expect(held).toMatchObject({ kind: 'ACCOUNT', teamId: world.teamId, serviceId: world.serviceId });
      expect((await api.run(held.token, LIST)).data.services.nodes.map(({ id }: any) => id)).toEqual([world.serviceId]);
      expect((await api.run(held.token, PAUSE, { id: world.serviceId, pause: false })).code).toBeUndefined();
      const beside = { ...world, serviceId: world.otherServiceId };
      const other = await api.em.execute<{ id: string }[]>('select latest_deployment_id as id from service where id = ?', [world.otherServiceId]);
      const releaseId = randomUUID();
      await api.em.execute(
        'insert into release (id, service_id, number, digest, spec, variable_ids, created_at) select ?, ?, 1, digest, spec, variable_ids, created_at from release where id = ?',
        [releaseId, world.otherServiceId, world.releaseId],
        'run',
      );
      for (const { coordinate, variables, service, scope } of SAMPLES.filter((sample) => !['public', 'webhook', 'schedule'].includes(sample.scope) && !sample.coordinate.startsWith('Subscription.') && sample.coordinate !== 'Query.services')) {
        const answer = await api.run(held.token, documentFor(api.schema, coordinate), variables({ ...beside, releaseId, deploymentId: other[0]!.id }));
        expect([coordinate, scope, answer.code]).toEqual([coordinate, scope, service ? 'NOT_FOUND' : 'FORBIDDEN']);
      }
      expect((await create({ serviceId: world.serviceId, teamId: ada.teamId })).faults).toEqual([{ path: 'serviceId', message: 'is not a service of this team' }]);
    });

    test('ends with the service', async () => {
      const service = (await api.run(ada.token, DEPLOY, { input: { name: 'short-lived', image: 'nginx' } })).data.deployService;
      const { token } = (await create({ serviceId: service.id })).data.createToken;
      await api.run(token, 'mutation ($id: ID!) { deleteService(id: $id) { id } }', { id: service.id });
      await expect(api.run(token, LIST)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    });
  });

  describe('environments', () => {
    test('what asks for DEVELOPER asks for ADMIN in a protected one', async () => {
      const of = await createWorld(api, ada);
      const [developer, admin, viewer] = [await member(Role.DEVELOPER, of.teamId), await member(Role.ADMIN, of.teamId), await member(Role.VIEWER, of.teamId)];
      const production = await productionOf(of.teamId);
      expect(await code(developer.token, PROTECT, { id: production, protected: false })).toBe('FORBIDDEN');
      expect((await api.run(admin.token, PROTECT, { id: production, protected: true })).data.updateEnvironment).toEqual({ id: production, protected: true });
      const refused: [string, object][] = [
        [UPDATE, { id: of.serviceId, input: { replicas: 3 } }], [REDEPLOY, { id: of.serviceId }], [REVEAL, { id: of.serviceId }],
        [DEPLOY, { input: { name: 'new', image: 'nginx', teamId: of.teamId } }],
        ['mutation ($id: ID!) { revealEnvGroup(id: $id) { key } }', { id: of.groupId }],
        ['mutation ($id: ID!) { updateEnvGroup(id: $id, input: { variables: {A: "1"}, redeploy: true }) { id } }', { id: of.groupId }],
        ['mutation ($id: ID!) { deleteEnvGroup(id: $id, force: true) { id } }', { id: of.groupId }],
      ];
      const before = await api.counts();
      for (const [text, variables] of refused) expect([text, await code(developer.token, text, variables)]).toEqual([text, 'FORBIDDEN']);
      expect(await api.counts()).toEqual(before);
      expect(await code(viewer.token, GET, { id: of.serviceId })).toBeUndefined();
      expect(await code(developer.token, DEPLOY, { input: { name: 'new', image: 'nginx', teamId: of.teamId, environment: 'staging' } })).toBeUndefined();
      for (const [text, variables] of refused) expect([text, await code(admin.token, text, variables)]).toEqual([text, undefined]);
    });

    test('a role may be narrowed in one', async () => {
      const of = await createWorld(api, ada);
      const developer = await member(Role.DEVELOPER, of.teamId);
      const [{ id: membershipId }] = await api.em.execute<[{ id: string }]>('select id from membership where account_id = ? and team_id = ?', [developer.id, of.teamId]);
      const input = { environmentId: await productionOf(of.teamId), membershipId, role: 'VIEWER' };
      expect(await code(developer.token, NARROW, { input })).toBe('FORBIDDEN');
      expect((await api.run(ada.token, NARROW, { input })).data.narrowRole.role).toBe('VIEWER');
      const answer = await api.run(developer.token, REDEPLOY, { id: of.serviceId });
      expect([answer.code, answer.message]).toEqual(['FORBIDDEN', 'Your role in this environment is VIEWER; this needs DEVELOPER.']);
      expect(await code(developer.token, DEPLOY, { input: { name: 'new', image: 'nginx', teamId: of.teamId } })).toBe('FORBIDDEN');
      expect(await code(developer.token, DEPLOY, { input: { name: 'new', image: 'nginx', teamId: of.teamId, environment: 'staging' } })).toBeUndefined();
      await api.run(ada.token, NARROW, { input: { ...input, role: 'OWNER' } });
      expect(await code(developer.token, 'mutation ($id: ID!) { deleteEnvironment(id: $id) { id } }', { id: input.environmentId })).toBe('FORBIDDEN');
      await api.run(ada.token, NARROW, { input: { ...input, role: null } });
      expect(await code(developer.token, REDEPLOY, { id: of.serviceId })).toBeUndefined();
    });
  });

  test('viewerCan says beforehand what would be answered', async () => {
    const of = await createWorld(api, ada);
    const ask = 'query ($id: ID!, $deploy: String!, $delete: String!) { service(id: $id) { deploy: viewerCan(action: $deploy) delete: viewerCan(action: $delete) environment { viewerCan(action: "updateEnvironment") } } }';
    const can = async (token: string) => (await api.run(token, ask, { id: of.serviceId, deploy: 'redeployService', delete: 'serviceLogs' })).data.service;
    const developer = await member(Role.DEVELOPER, of.teamId);
    expect(await can((await member(Role.VIEWER, of.teamId)).token)).toEqual({ deploy: false, delete: true, environment: { viewerCan: false } });
    expect(await can(developer.token)).toEqual({ deploy: true, delete: true, environment: { viewerCan: false } });
    expect(await can(await api.tokenOf(developer, { scopes: ['read'] }))).toMatchObject({ deploy: false });
    expect(await can(ada.token)).toEqual({ deploy: true, delete: true, environment: { viewerCan: true } });
    expect(await code(ada.token, ask, { id: of.serviceId, deploy: 'everything', delete: 'viewer' })).toBe('BAD_REQUEST');
    const everywhere = `query ($team: ID!, $group: ID!, $database: ID!, $deployment: ID!) {
      team(id: $team) { viewerCan(action: "deleteTeam") } envGroup(id: $group) { viewerCan(action: "updateEnvGroup") } database(id: $database) { viewerCan(action: "deleteDatabase") }
      deployment(id: $deployment) { viewerCan(action: "cancelDeployment") } registryCredentials(teamId: $team) { viewerCan(action: "deleteRegistryCredential") } }`;
    const seen = async (token: string) => Object.values((await api.run(token, everywhere, { team: of.teamId, group: of.groupId, database: of.databaseId, deployment: of.deploymentId })).data).flat().map((node: any) => node.viewerCan);
    expect(await seen(developer.token)).toEqual([false, true, true, true, false]);
    expect(await seen(ada.token)).toEqual([true, true, true, true, true]);
  });

  describe('the log', () => {
    test('tells who did what, before and after, and no secret', async () => {
      const of = await createWorld(api, ada);
      await api.run(ada.token, UPDATE, { id: of.serviceId, input: { replicas: 4, env: { API_KEY: 'canary-of-the-log' } } });
      const viewer = await member(Role.VIEWER, of.teamId);
      await api.run(viewer.token, REDEPLOY, { id: of.serviceId });
      const log = await api.run(ada.token, LOG, { id: of.teamId });
      const [refused, updated] = log.data.team.auditLog.nodes;
      expect(refused).toMatchObject({ actor: 'VIEWER', action: 'redeployService', outcome: 'FORBIDDEN' });
      expect(updated).toMatchObject({ actor: 'Ada', action: 'updateService', outcome: 'OK', ip: '192.0.2.1', door: 'rest' });
      expect([JSON.parse(updated.before).replicas, JSON.parse(updated.after).replicas, JSON.parse(updated.after).env]).toEqual([2, 4, ['API_KEY=•••']]);
      expect(log.text).not.toContain('canary');
      expect(await code(viewer.token, LOG, { id: of.teamId })).toBe('FORBIDDEN');
    });

    test('every mutation that was let through is told, in its team where it has one', async () => {
      const untold: string[] = [];
      for (const { coordinate, variables, role } of SAMPLES.filter((sample) => sample.coordinate.startsWith('Mutation.') && !['public', 'webhook', 'schedule'].includes(sample.scope) && !sample.operator && sample.coordinate !== 'Mutation.signOut')) {
        const of = await createWorld(api, ada);
        if (coordinate === 'Mutation.leaveTeam') await member(Role.OWNER, of.teamId);
        const answer = await api.run(ada.token, documentFor(api.schema, coordinate), variables(of));
        expect([coordinate, answer.code]).toEqual([coordinate, undefined]);
        const told = await api.em.execute('select 1 from audit_event where action = ? and outcome = ? and (team_id = ? or ?)', [coordinate.split('.')[1], 'OK', of.teamId, role === null]);
        if (told.length === 0) untold.push(coordinate);
      }
      expect(untold).toEqual([]);
    });

    test('is read page by page and by filter', async () => {
      const of = await createWorld(api, ada);
      for (const pause of [true, false, true]) await api.run(ada.token, PAUSE, { id: of.serviceId, pause });
      await api.run(ada.token, REDEPLOY, { id: of.serviceId });
      const page = async (variables: object) => (await api.run(ada.token, LOG, { id: of.teamId, ...variables })).data.team.auditLog;
      const first = await page({ first: 3 });
      expect(first.nodes.map(({ action }: any) => action)).toEqual(['redeployService', 'pauseService', 'pauseService']);
      expect((await page({ first: 3, after: first.pageInfo.endCursor })).nodes.map(({ action }: any) => action)).toEqual(['pauseService']);
      expect((await page({ filter: { action: 'redeployService' } })).nodes).toHaveLength(1);
      expect((await page({ filter: { until: '2001-01-01T00:00:00Z' } })).nodes).toEqual([]);
    });

    test.each(["update audit_event set action = 'nothing'", 'delete from audit_event', 'truncate audit_event'])('the database refuses: %s', async (sql) => {
      await expect(api.em.execute(sql)).rejects.toThrow('audit_event is append-only');
    });
  });

  test('a registry credential is sealed, replaced and never given back', async () => {
    const set = (password: string) => api.run(ada.token, 'mutation ($input: SetRegistryCredentialInput!) { setRegistryCredential(input: $input) { id registry username } }', { input: { registry: 'ghcr.io', username: 'ci', password } });
    const first = await set('canary-registry-1');
    const second = await set('canary-registry-2');
    expect(second.data.setRegistryCredential).toMatchObject({ registry: 'ghcr.io', username: 'ci' });
    const rows = await api.em.execute<any[]>('select * from registry_credential where team_id = ?', [ada.teamId]);
    expect(rows).toHaveLength(1);
    expect(await api.vault.open(api.em, ada.teamId, rows[0].id, rows[0].sealed_password)).toBe('canary-registry-2');
    expect(first.text + second.text + JSON.stringify(rows)).not.toContain('canary');
    expect((await api.run(ada.token, 'mutation ($input: SetRegistryCredentialInput!) { setRegistryCredential(input: $input) { id } }', { input: { registry: 'https://ghcr.io/x', username: 'a:b', password: '' } })).faults!.map(({ path }) => path)).toEqual(['registry', 'username', 'password']);
  });
});
