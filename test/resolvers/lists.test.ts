import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CREATE_DATABASE, CREATE_ENVIRONMENT, DEPLOY, DEPLOYMENTS, ENVIRONMENTS, LIST, REDEPLOY, TEAMS, TOKENS } from '../support/operations.js';
import { TestApi, type TestAccount } from '../support/test-api.js';

describe('lists', () => {
  let api: TestApi;
  let ada: TestAccount;
  let first: string;
  const names = Array.from({ length: 7 }, (_, index) => `service-${index}`);

  beforeAll(async () => {
    api = await TestApi.start();
    ada = await api.account('Ada');
    await api.run(ada.token, CREATE_ENVIRONMENT, { input: { name: 'staging' } });
    for (const name of names) {
      const { data } = await api.run(ada.token, DEPLOY, { input: { name, image: 'nginx', environment: name === 'service-6' ? 'staging' : 'production' } });
      first ??= data.deployService.id;
    }
    for (let count = 0; count < 4; count += 1) await api.run(ada.token, REDEPLOY, { id: first });
    for (const name of ['one', 'two', 'three']) {
      await api.run(ada.token, CREATE_DATABASE, { input: { name, type: 'postgres', size: 'small' } });
      await api.run(ada.token, 'mutation ($input: SetRegistryCredentialInput!) { setRegistryCredential(input: $input) { id } }', { input: { registry: `${name}.example.com`, username: 'ci', password: 'secret' } });
    }
  });
  afterAll(() => api.stop());

  const list = async (variables: object = {}) => (await api.run(ada.token, LIST, { ...variables })).data.services;
  const named = (nodes: any[]) => nodes.map(({ name }) => name);

  test('a list of services is whole, oldest first, unless it is cut', async () => {
    const whole = await list();
    expect(named(whole.nodes)).toEqual(names);
    expect(whole.pageInfo.hasNextPage).toBe(false);
    expect(whole.edges.map(({ node }: any) => node.id)).toEqual(whole.nodes.map(({ id }: any) => id));
  });

  test.each([1, 2, 3, 7, 8])('pages of %i hold each service once', async (size) => {
    const seen: string[] = [];
    let after: string | null = null;
    let pages = 0;
    do {
      const { nodes, pageInfo }: any = await list({ first: size, after });
      seen.push(...named(nodes));
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
      pages += 1;
    } while (after);
    expect(seen).toEqual(names);
    expect(pages).toBe(Math.ceil(names.length / size));
  });

  test('of one environment, and of one team', async () => {
    expect(named((await list({ environment: 'staging' })).nodes)).toEqual(['service-6']);
    expect(named((await list({ environment: 'nowhere' })).nodes)).toEqual([]);
    expect(named((await list({ teamId: ada.teamId })).nodes)).toEqual(names);
  });

  test.each([
    ['first', { first: 0 }],
    ['first', { first: 1001 }],
    ['after', { after: 'nonsense' }],
    ['after', { after: '' }],
  ])('a wrong %s is told', async (path, variables) => {
    expect((await api.run(ada.token, LIST, variables)).faults?.map((fault) => fault.path)).toEqual([path]);
  });

  test('deployments are newest first, in pages too', async () => {
    const whole = (await api.run(ada.token, DEPLOYMENTS, { serviceId: first })).data.deployments.nodes.map(({ id }: any) => id);
    expect(whole).toHaveLength(5);
    expect(whole).toEqual([...whole].sort().reverse());
    const page = (await api.run(ada.token, DEPLOYMENTS, { serviceId: first, first: 2 })).data.deployments;
    const rest = (await api.run(ada.token, DEPLOYMENTS, { serviceId: first, after: page.pageInfo.endCursor })).data.deployments;
    expect([...page.nodes, ...rest.nodes].map(({ id }: any) => id)).toEqual(whole);
    expect([page.pageInfo.hasNextPage, rest.pageInfo.hasNextPage]).toEqual([true, false]);
  });

  test('teams, environments and tokens are the caller\'s', async () => {
    expect((await api.run(ada.token, TEAMS)).data.teams).toEqual([{ id: ada.teamId, name: 'Personal', personal: true, role: 'OWNER' }]);
    expect(named((await api.run(ada.token, ENVIRONMENTS)).data.environments)).toEqual(['production', 'staging']);
    expect((await api.run(ada.token, TOKENS)).data.tokens).toMatchObject([{ id: ada.tokenId, name: 'test' }]);
  });

  test.each([
    ['services', LIST, {}, 1],
    ['services of a team', LIST, () => ({ teamId: ada.teamId }), 2],
    ['deployments with their steps', DEPLOYMENTS, () => ({ serviceId: first }), 3],
    ['environments', ENVIRONMENTS, {}, 1],
    ['teams', TEAMS, {}, 1],
    ['tokens', TOKENS, {}, 1],
    ['services with what may be done to each', '{ services { nodes { viewerCan(action: "redeployService") delete: viewerCan(action: "deleteService") environment { viewerCan(action: "updateEnvironment") } } } }', {}, 3],
    ['databases with what may be done to each', '{ databases { nodes { viewerCan(action: "deleteDatabase") resize: viewerCan(action: "resizeDatabase") } } }', {}, 2],
    ['credentials with what may be done to each', 'query ($teamId: ID!) { registryCredentials(teamId: $teamId) { viewerCan(action: "deleteRegistryCredential") } }', () => ({ teamId: ada.teamId }), 3],
  ])('%s take a number of statements that rows do not change', async (_, text, variables, expected) => {
    const authentication = 1;
    const given = typeof variables === 'function' ? variables() : variables;
    const many = await api.statements(() => api.run(ada.token, text, given));
    expect(many).toHaveLength(expected + authentication);
  });
});
