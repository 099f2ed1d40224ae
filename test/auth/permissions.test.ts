import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildASTSchema, parse } from 'graphql';
import { guardSchema } from '../../src/auth/guard-schema.js';
import { PERMISSIONS } from '../../src/auth/permissions.js';
import type { TokenScope } from '../../src/context.js';
import { Role } from '../../src/entities/roles.js';
import {
  CONNECTION, CREATE_DATABASE, DATABASE_OF, DATABASES, DELETE_DATABASE, LINK_DATABASE, MY_POSTGRES, PAUSE_DATABASE, RESIZE_DATABASE, ROTATE_DATABASE, UNDELETE_DATABASE,
  ADD_MEMBER, CHANGE_MEMBER, CREATE_TEAM, DELETE_TEAM, LEAVE_TEAM, REMOVE_MEMBER, TEAM, UPDATE_TEAM,
  CANCEL, CREATE_ENVIRONMENT, CREATE_TOKEN, DELETE, DELETE_ENVIRONMENT, DEPLOY, DEPLOYMENT, DEPLOYMENTS, ENVIRONMENTS, GET, LIST, LOGS, MY_SERVICE, ON_DEPLOYMENT,
  ON_LOGS, ON_SERVICE, PAUSE, REDEPLOY, REVOKE_TOKEN, TEAMS, TOKENS, UPDATE, VIEWER,
} from '../support/operations.js';
import { TestApi, type TestAccount } from '../support/test-api.js';

const ID = '01900000-0000-7000-8000-000000000000';

/** What every field asks for, said a second time: whoever loosens a line has to say so here. */
const EXPECTED: [coordinate: string, scope: TokenScope, role: Role | null, text: string, variables: Record<string, unknown>][] = [
  ['Query.viewer', 'read', null, VIEWER, {}],
  ['Query.teams', 'read', null, TEAMS, {}],
  ['Query.tokens', 'read', null, TOKENS, {}],
  ['Query.environments', 'read', Role.VIEWER, ENVIRONMENTS, {}],
  ['Query.services', 'read', Role.VIEWER, LIST, {}],
  ['Query.service', 'read', Role.VIEWER, GET, { id: ID }],
  ['Query.deployments', 'read', Role.VIEWER, DEPLOYMENTS, { serviceId: ID }],
  ['Query.deployment', 'read', Role.VIEWER, DEPLOYMENT, { id: ID }],
  ['Query.serviceLogs', 'read', Role.VIEWER, LOGS, { serviceId: ID }],
  ['Mutation.createEnvironment', 'deploy', Role.DEVELOPER, CREATE_ENVIRONMENT, { input: { name: 'new' } }],
  ['Mutation.deleteEnvironment', 'admin', Role.ADMIN, DELETE_ENVIRONMENT, { id: ID }],
  ['Mutation.deployService', 'deploy', Role.DEVELOPER, DEPLOY, { input: MY_SERVICE }],
  ['Mutation.updateService', 'deploy', Role.DEVELOPER, UPDATE, { id: ID, input: {} }],
  ['Mutation.deleteService', 'deploy', Role.DEVELOPER, DELETE, { id: ID }],
  ['Mutation.redeployService', 'deploy', Role.DEVELOPER, REDEPLOY, { id: ID }],
  ['Mutation.pauseService', 'deploy', Role.DEVELOPER, PAUSE, { id: ID, pause: true }],
  ['Mutation.cancelDeployment', 'deploy', Role.DEVELOPER, CANCEL, { id: ID }],
  ['Query.team', 'read', Role.VIEWER, TEAM, { id: ID }],
  ['Mutation.createTeam', 'admin', null, CREATE_TEAM, { input: { name: 'New' } }],
  ['Mutation.updateTeam', 'admin', Role.ADMIN, UPDATE_TEAM, { id: ID, input: { name: 'Renamed' } }],
  ['Mutation.deleteTeam', 'admin', Role.OWNER, DELETE_TEAM, { id: ID }],
  ['Mutation.leaveTeam', 'admin', Role.VIEWER, LEAVE_TEAM, { id: ID }],
  ['Mutation.addTeamMember', 'admin', Role.ADMIN, ADD_MEMBER, { teamId: ID, input: { email: 'new@example.com', role: 'VIEWER' } }],
  ['Mutation.changeMemberRole', 'admin', Role.ADMIN, CHANGE_MEMBER, { teamId: ID, id: ID, input: { role: 'VIEWER' } }],
  ['Mutation.removeTeamMember', 'admin', Role.ADMIN, REMOVE_MEMBER, { teamId: ID, id: ID }],
  ['Mutation.createToken', 'admin', null, CREATE_TOKEN, {}],
  ['Mutation.revokeToken', 'admin', null, REVOKE_TOKEN, { id: ID }],
  ['Query.databases', 'read', Role.VIEWER, DATABASES, {}],
  ['Query.database', 'read', Role.VIEWER, DATABASE_OF, { id: ID }],
  ['Query.databaseConnection', 'deploy', Role.DEVELOPER, CONNECTION, { id: ID }],
  ['Mutation.createDatabase', 'deploy', Role.DEVELOPER, CREATE_DATABASE, { input: MY_POSTGRES }],
  ['Mutation.deleteDatabase', 'deploy', Role.DEVELOPER, DELETE_DATABASE, { id: ID }],
  ['Mutation.undeleteDatabase', 'deploy', Role.DEVELOPER, UNDELETE_DATABASE, { id: ID }],
  ['Mutation.pauseDatabase', 'deploy', Role.DEVELOPER, PAUSE_DATABASE, { id: ID, pause: true }],
  ['Mutation.resizeDatabase', 'deploy', Role.DEVELOPER, RESIZE_DATABASE, { id: ID, input: {} }],
  ['Mutation.rotateDatabaseCredentials', 'deploy', Role.DEVELOPER, ROTATE_DATABASE, { id: ID }],
  ['Mutation.linkDatabase', 'deploy', Role.DEVELOPER, LINK_DATABASE, { serviceId: ID, databaseId: ID }],
  ['Subscription.serviceChanged', 'read', Role.VIEWER, ON_SERVICE, { serviceId: ID }],
  ['Subscription.deploymentProgress', 'read', Role.VIEWER, ON_DEPLOYMENT, { deploymentId: ID }],
  ['Subscription.serviceLogs', 'read', Role.VIEWER, ON_LOGS, { serviceId: ID }],
];
const WEAKER: Record<TokenScope, TokenScope[]> = { read: [], deploy: ['read'], admin: ['read', 'deploy'] };
const ENOUGH: Record<TokenScope, TokenScope[]> = { read: ['read', 'deploy', 'admin'], deploy: ['deploy', 'admin'], admin: ['admin'] };
const ROLES = [Role.VIEWER, Role.DEVELOPER, Role.ADMIN, Role.OWNER];

describe('permissions', () => {
  let api: TestApi;
  let ada: TestAccount;

  beforeAll(async () => {
    api = await TestApi.start();
    ada = await api.account('Ada');
    api.orchestrator.batches.push({ lines: [], dropped: 0, gap: false, cursor: null });
  });
  afterAll(() => api.stop());

  const code = async (token: string | null, coordinate: string, text: string, variables: Record<string, unknown>): Promise<string | undefined> => {
    if (!coordinate.startsWith('Subscription.') || token === null) return (await api.run(token, text, variables)).code;
    const subscription = await api.subscribe(token, text, variables);
    const answer = await subscription.next();
    subscription.leave();
    return answer?.code;
  };

  test('are for every root field, and are as expected', () => {
    const roots = [api.schema.getQueryType()!, api.schema.getMutationType()!, api.schema.getSubscriptionType()!];
    const coordinates = roots.flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`));
    const open = Object.keys(PERMISSIONS).filter((coordinate) => coordinate.includes('.') && PERMISSIONS[coordinate]!.scope === 'public');
    expect(open).toEqual(['Mutation.acceptInvitation']);
    expect([...EXPECTED.map(([coordinate]) => coordinate), ...open].sort()).toEqual(coordinates.sort());
    for (const [coordinate, scope, role] of EXPECTED) expect([coordinate, PERMISSIONS[coordinate]]).toMatchObject([coordinate, { scope, role }]);
  });

  test.each(EXPECTED.filter(([coordinate]) => !coordinate.startsWith('Subscription.')))('%s without a token is refused', async (coordinate, _scope, _role, text, variables) => {
    expect(await code(null, coordinate, text, variables)).toBe('UNAUTHENTICATED');
  });

  test.each(EXPECTED)('%s needs the scope %s', async (coordinate, scope, _role, text, variables) => {
    for (const weaker of WEAKER[scope]) {
      const before = await api.counts();
      const token = await api.tokenOf(ada, { scopes: [weaker] });
      expect(await code(token, coordinate, text, variables)).toBe('FORBIDDEN');
      expect(await api.counts()).toEqual({ ...before, 'public.token': before['public.token']! + 1 });
    }
    for (const enough of ENOUGH[scope]) {
      expect(await code(await api.tokenOf(ada, { scopes: [enough] }), coordinate, text, variables)).not.toBe('FORBIDDEN');
    }
  });

  test.each(EXPECTED.filter(([, , role]) => role !== null))('%s needs (after the scope %s) the role %s', async (coordinate, _scope, least, text, variables) => {
    const owner = await api.account('Owner');
    const service = (await api.run(owner.token, DEPLOY, { input: { name: 'web', image: 'nginx' } })).data.deployService;
    const staging = (await api.run(owner.token, CREATE_ENVIRONMENT, { input: { name: 'staging' } })).data.createEnvironment;
    const invited = (await api.run(owner.token, ADD_MEMBER, { teamId: owner.teamId, input: { email: 'invited@example.com', role: 'VIEWER' } })).data.addTeamMember;
    const database = (await api.run(owner.token, CREATE_DATABASE, { input: MY_POSTGRES })).data.createDatabase;
    const ids: Record<string, string> = { databaseId: database.id, serviceId: service.id, deploymentId: service.latestDeployment.id, teamId: owner.teamId, id: /[Dd]atabase/.test(coordinate) ? database.id : /[Tt]eam$/.test(coordinate) ? owner.teamId : /Member/.test(coordinate) ? invited.id : /Environment/.test(coordinate) ? staging.id : /Deployment$|deployment$/.test(coordinate) ? service.latestDeployment.id : service.id };
    const own = (name: string): Record<string, unknown> =>
      'input' in variables && !('id' in variables) && !('teamId' in variables)
        ? { input: { ...(variables['input'] as object), name, teamId: owner.teamId } }
        : { ...variables, ...Object.fromEntries(Object.keys(variables).filter((key) => key in ids).map((key) => [key, ids[key]])) };
    for (const role of ROLES) {
      const member = await api.account(role);
      await api.addMember(owner.teamId, member, role);
      const answer = await code(member.token, coordinate, text, own(`by-${role.toLowerCase()}`));
      const allowed = ROLES.indexOf(role) >= ROLES.indexOf(least!);
      if (allowed) {
        expect([role, answer === 'FORBIDDEN' || (answer === 'NOT_FOUND' && !/delete|remove/.test(coordinate))]).toEqual([role, false]);
      } else {
        expect([role, answer]).toEqual([role, 'FORBIDDEN']);
      }
    }
  });

  test('a field, a type or a line too many stops the boot, by name', () => {
    const guard = (sdl: string, lines: Parameters<typeof guardSchema>[1]) => () => guardSchema(buildASTSchema(parse(sdl)), lines);
    const read = { scope: 'read', role: null } as const;
    expect(guard('type Query { a: Int b: Int }', { 'Query.a': read })).toThrow('Query.b has no line');
    expect(guard('type Query { a: Secret } type Secret { b: Int }', { 'Query.a': read })).toThrow('Secret has no line');
    expect(guard('type Query { a: Int } type Mutation { b: Int }', { 'Query.a': read, Mutation: read })).toThrow('Mutation.b has no line');
    expect(guard('type Query { a: Int }', { 'Query.a': read, 'Query.b': read, Gone: read })).toThrow('"Query.b" is not in the schema; "Gone" is not in the schema');
    expect(guard('type Query { a: Int }', { 'Query.a': read })).not.toThrow();
  });
});
