import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Deployment } from '../../../src/entities/deployment.js';
import { Role } from '../../../src/entities/roles.js';
import { openVariables } from '../../../src/orchestrator/service/variables.js';
import { CREATE_ENVIRONMENT, CREATE_TEAM, DEPLOY, REDEPLOY, UPDATE } from '../../support/operations.js';
import { TestApi, type TestAccount } from '../../support/test-api.js';

const GROUP = 'id name keys revision teamId environment';
const CREATE = `mutation ($input: CreateEnvGroupInput!) { createEnvGroup(input: $input) { ${GROUP} } }`;
const LIST = `query ($teamId: ID) { envGroups(teamId: $teamId) { ${GROUP} services { id } } }`;
const CHANGE = `mutation ($id: ID!, $input: UpdateEnvGroupInput!) { updateEnvGroup(id: $id, input: $input) { ${GROUP} } }`;
const REMOVE = `mutation ($id: ID!, $force: Boolean) { deleteEnvGroup(id: $id, force: $force) { id keys } }`;
const SERVICE = 'id latestDeployment { id trigger state }';
const ATTACH = `mutation ($serviceId: ID!, $groupId: ID!) { attachEnvGroup(serviceId: $serviceId, groupId: $groupId) { ${SERVICE} } }`;
const DETACH = `mutation ($serviceId: ID!, $groupId: ID!) { detachEnvGroup(serviceId: $serviceId, groupId: $groupId) { ${SERVICE} } }`;
const ORDER = `mutation ($serviceId: ID!, $groupIds: [ID!]!) { orderEnvGroups(serviceId: $serviceId, groupIds: $groupIds) { ${SERVICE} envGroups { name } } }`;
const EFFECTIVE = `query ($id: ID!) { service(id: $id) { latestDeployment { id } envGroups { id } effectiveVariables { key origin groupName revision } } }`;
const REVEAL = `mutation ($serviceId: ID!) { revealVariables(serviceId: $serviceId) { key value origin groupName } }`;
const REVEAL_GROUP = `mutation ($id: ID!) { revealEnvGroup(id: $id) { key value } }`;

describe('environment groups', () => {
  let api: TestApi;
  let ada: TestAccount;
  let count = 0;

  beforeAll(async () => {
    api = await TestApi.start();
    ada = await api.account('Ada');
  });
  afterAll(() => api.stop());

  const group = async (variables: Record<string, string>, more: object = {}) => (await api.run(ada.token, CREATE, { input: { name: `group-${(count += 1)}`, variables, ...more } })).data.createEnvGroup;
  const deploy = async (env: Record<string, string> = {}, more: object = {}) => (await api.run(ada.token, DEPLOY, { input: { name: `web-${(count += 1)}`, image: 'nginx', env, ...more } })).data.deployService;
  const attach = (serviceId: string, groupId: string) => api.run(ada.token, ATTACH, { serviceId, groupId });
  const effective = async (id: string) => (await api.run(ada.token, EFFECTIVE, { id })).data.service;
  /** What the cluster would be given for a deployment, as the reconciler reads it. */
  const pinned = async (deploymentId: string) => {
    const { variableIds } = await api.em.findOneOrFail(Deployment, { id: deploymentId });
    return (await openVariables(api.em, api.vault, ada.teamId, variableIds)).values;
  };
  const latest = async (id: string) => pinned((await effective(id)).latestDeployment.id);

  test('the documented example; lists show names and keys', async () => {
    const input = { name: 'production-secrets', variables: { DATABASE_URL: 'postgres://...', API_KEY: 'secret123' } };
    const created = await api.run(ada.token, CREATE, { input });
    expect(created.data.createEnvGroup).toEqual({ id: expect.any(String), name: input.name, keys: ['API_KEY', 'DATABASE_URL'], revision: 1, teamId: ada.teamId, environment: null });
    const list = await api.run(ada.token, LIST);
    expect(list.data.envGroups).toEqual([{ ...created.data.createEnvGroup, services: [] }]);
    expect(created.text + list.text).not.toContain('secret123');
    expect((await api.run(ada.token, CREATE, { input })).faults).toEqual([{ path: 'input.name'.replace('input.', ''), message: 'is already taken in this team' }]);
  });

  test.each([
    ['variables.1BAD', 'is not a valid name: letters, digits and underscores, and no digit first', { name: 'g', variables: { '1BAD': 'canary-value' } }],
    ['variables.A', 'must be a string', { name: 'g', variables: { A: 1 } }],
    ['name', 'must be a DNS label: small letters, digits and hyphens, a letter first and no hyphen last', { name: 'G' }],
    ['environment', 'does not exist in this team; create it first', { name: 'g', environment: 'nowhere' }],
    ['values', 'is not a known field', { name: 'g', values: {} }],
  ])('a fault of %s (%s) changes nothing', async (path, message, input) => {
    const before = await api.counts();
    const answer = await api.run(ada.token, CREATE, { input });
    expect(answer.faults).toEqual([{ path, message }]);
    expect(answer.text).not.toContain('canary-value');
    expect(await api.counts()).toEqual(before);
  });

  test('an attached group is a new deployment with its variables: own over later group over earlier', async () => {
    const service = await deploy({ OWN: 'own', ALL: 'own' });
    const first = await group({ FIRST: 'first', BOTH: 'first', ALL: 'first' });
    const second = await group({ SECOND: 'second', BOTH: 'second', ALL: 'second' });
    const attached = (await attach(service.id, first.id)).data.attachEnvGroup;
    expect(attached.latestDeployment.id).not.toBe(service.latestDeployment.id);
    await attach(service.id, second.id);
    expect(await latest(service.id)).toEqual({ OWN: 'own', ALL: 'own', FIRST: 'first', SECOND: 'second', BOTH: 'second' });
    expect((await effective(service.id)).effectiveVariables).toEqual([
      { key: 'ALL', origin: 'SERVICE', groupName: null, revision: 1 },
      { key: 'BOTH', origin: 'GROUP', groupName: second.name, revision: 1 },
      { key: 'FIRST', origin: 'GROUP', groupName: first.name, revision: 1 },
      { key: 'OWN', origin: 'SERVICE', groupName: null, revision: 1 },
      { key: 'SECOND', origin: 'GROUP', groupName: second.name, revision: 1 },
    ]);
    expect((await api.run(ada.token, ORDER, { serviceId: service.id, groupIds: [second.id, first.id] })).data.orderEnvGroups.envGroups).toEqual([{ name: second.name }, { name: first.name }]);
    expect((await latest(service.id)).BOTH).toBe('first');
    await api.run(ada.token, UPDATE, { id: service.id, input: { env: { ALL: null } } });
    expect((await latest(service.id)).ALL).toBe('first');
    await api.run(ada.token, DETACH, { serviceId: service.id, groupId: first.id });
    expect(await latest(service.id)).toEqual({ OWN: 'own', SECOND: 'second', BOTH: 'second', ALL: 'second' });
    expect((await api.run(ada.token, DETACH, { serviceId: service.id, groupId: first.id })).code).toBe('NOT_FOUND');
  });

  test('to attach it again, or to order them as they are, changes nothing', async () => {
    const [service, one] = [await deploy(), await group({ A: '1' })];
    await attach(service.id, one.id);
    const before = [await api.counts(), await effective(service.id)];
    await attach(service.id, one.id);
    await api.run(ada.token, ORDER, { serviceId: service.id, groupIds: [one.id] });
    expect([await api.counts(), await effective(service.id)]).toEqual(before);
    for (const groupIds of [[], [one.id, one.id], [service.id]]) expect((await api.run(ada.token, ORDER, { serviceId: service.id, groupIds })).code).toBe('BAD_REQUEST');
  });

  test('a deployment keeps the revision that it was made with; a redeploy takes the newest', async () => {
    const [service, one] = [await deploy(), await group({ A: '1', B: '1' })];
    const old = (await attach(service.id, one.id)).data.attachEnvGroup.latestDeployment.id;
    const changed = (await api.run(ada.token, CHANGE, { id: one.id, input: { variables: { A: '2', B: null, C: '2' } } })).data.updateEnvGroup;
    expect(changed).toMatchObject({ revision: 2, keys: ['A', 'C'] });
    expect((await effective(service.id)).latestDeployment.id).toBe(old);
    expect(await pinned(old)).toEqual({ A: '1', B: '1' });
    await api.run(ada.token, REDEPLOY, { id: service.id });
    expect(await latest(service.id)).toEqual({ A: '2', C: '2' });
    expect(await pinned(old)).toEqual({ A: '1', B: '1' });
    expect((await api.run(ada.token, CHANGE, { id: one.id, input: { variables: { A: '2', B: null } } })).data.updateEnvGroup.revision).toBe(2);
  });

  test('`redeploy: true` deploys each service that has it, and only those', async () => {
    const one = await group({ A: '1' });
    const services = [await deploy(), await deploy()];
    const other = await deploy();
    for (const { id } of services) await attach(id, one.id);
    await api.run(ada.token, CHANGE, { id: one.id, input: { variables: { A: '2' }, redeploy: true } });
    for (const { id } of services) expect(await latest(id)).toEqual({ A: '2' });
    expect((await effective(other.id)).latestDeployment.id).toBe(other.latestDeployment.id);
  });

  test('needs a cluster only where something is deployed', async () => {
    const [service, one] = [await deploy(), await group({ A: '1' })];
    const ready = api.orchestrator.state;
    api.orchestrator.state = { kind: 'none' };
    try {
      const before = await api.counts();
      expect((await attach(service.id, one.id)).code).toBe('CLUSTER_REQUIRED');
      expect((await api.run(ada.token, CHANGE, { id: one.id, input: { variables: { A: '3' }, redeploy: true } })).code).toBe('CLUSTER_REQUIRED');
      expect(await api.counts()).toEqual(before);
      expect((await api.run(ada.token, CHANGE, { id: one.id, input: { variables: { A: '3' } } })).data.updateEnvGroup.revision).toBe(2);
    } finally {
      api.orchestrator.state = ready;
    }
  });

  test('one that is attached goes only by force; what is pinned stays', async () => {
    const [service, one] = [await deploy(), await group({ A: '1' })];
    const deployment = (await attach(service.id, one.id)).data.attachEnvGroup.latestDeployment.id;
    expect((await api.run(ada.token, REMOVE, { id: one.id })).message).toBe('The group is attached to a service: detach it first, or force its deletion.');
    expect((await api.run(ada.token, REMOVE, { id: one.id, force: true })).data.deleteEnvGroup).toEqual({ id: one.id, keys: ['A'] });
    expect((await api.run(ada.token, REMOVE, { id: one.id, force: true })).code).toBe('NOT_FOUND');
    expect((await effective(service.id)).effectiveVariables).toEqual([]);
    expect(await pinned(deployment)).toEqual({ A: '1' });
    expect((await api.run(ada.token, CREATE, { input: { name: one.name } })).code).toBeUndefined();
  });

  test('one of an environment, or of another team, is not for the services of another', async () => {
    await api.run(ada.token, CREATE_ENVIRONMENT, { input: { name: 'staging' } });
    const staging = await group({ A: '1' }, { environment: 'staging' });
    expect(staging.environment).toBe('staging');
    const production = await deploy();
    expect((await attach(production.id, staging.id)).message).toBe('The group is for another environment than the one of the service.');
    expect((await attach((await deploy({}, { environment: 'staging' })).id, staging.id)).code).toBeUndefined();
    const team = (await api.run(ada.token, CREATE_TEAM, { input: { name: 'Other' } })).data.createTeam.id;
    expect((await attach(production.id, (await group({}, { teamId: team })).id)).message).toBe('The group belongs to another team than the service.');
  });

  test('values are for those who may see them, and each look is told', async () => {
    const service = await deploy({ OWN: 'own-value' });
    const one = await group({ SHARED: 'shared-value' });
    await attach(service.id, one.id);
    expect((await api.run(ada.token, REVEAL, { serviceId: service.id })).data.revealVariables).toEqual([
      { key: 'OWN', value: 'own-value', origin: 'SERVICE', groupName: null },
      { key: 'SHARED', value: 'shared-value', origin: 'GROUP', groupName: one.name },
    ]);
    expect((await api.run(ada.token, REVEAL_GROUP, { id: one.id })).data.revealEnvGroup).toEqual([{ key: 'SHARED', value: 'shared-value' }]);
    const viewer = await api.account('Viewer');
    await api.addMember(ada.teamId, viewer, Role.VIEWER);
    expect((await api.run(viewer.token, REVEAL, { serviceId: service.id })).code).toBe('FORBIDDEN');
    const log = await api.em.execute<any[]>(`select action, actor, outcome, target_id, after from audit_event where action like 'reveal%' order by created_at, id`);
    expect(log.map(({ action, actor, outcome, target_id }) => [action, actor, outcome, target_id])).toEqual([
      ['revealVariables', 'Ada', 'OK', service.id], ['revealEnvGroup', 'Ada', 'OK', one.id], ['revealVariables', 'Viewer', 'FORBIDDEN', null],
    ]);
    expect(JSON.stringify(log)).not.toContain('-value');
  });

  test('changes of a group and deploys of its services at once neither fail nor mix revisions', async () => {
    const one = await group({ A: '0', B: '0' });
    const services = [await deploy(), await deploy()];
    for (const { id } of services) await attach(id, one.id);
    const codes = await Promise.all(
      Array.from({ length: 24 }, (_, index) => {
        const value = String(index + 1);
        if (index % 3 === 0) return api.run(ada.token, REDEPLOY, { id: services[index % 2]!.id });
        if (index % 3 === 1) return api.run(ada.token, ORDER, { serviceId: services[index % 2]!.id, groupIds: [one.id] });
        return api.run(ada.token, CHANGE, { id: one.id, input: { variables: { A: value, B: value }, redeploy: index % 2 === 0 } });
      }),
    );
    expect(codes.map(({ code }) => code).filter(Boolean)).toEqual([]);
    for (const { id } of await api.em.find(Deployment, { serviceId: { $in: services.map(({ id }) => id) } })) {
      const { A, B } = await pinned(id);
      expect(A).toBe(B);
    }
  });
});
