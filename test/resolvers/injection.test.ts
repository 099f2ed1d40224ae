import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ADD_MEMBER, CREATE_ENVIRONMENT, CREATE_TOKEN, DELETE, DELETE_ENVIRONMENT, DELETE_TEAM, DEPLOY, MY_SERVICE, UPDATE, UPDATE_TEAM } from '../support/operations.js';
import { TestApi, type TestAccount } from '../support/test-api.js';
import { createWorld, type World } from '../support/world.js';

/** What a shell, SQL, YAML, a template, a path or a header would act on. */
const ATTACKS = [
  '$(touch /tmp/apex-was-here)', '`id`', '; rm -rf / #', '| id', '&& id', '--upload-pack=id', "'; drop table service; --", '" or 1=1', 'a\nmetadata: {namespace: kube-system}', '{{ .Values }}', '${jndi:x}',
  '../../etc/passwd', '/etc/passwd', 'a\r\nX-Header: 1', 'a\u0000b', '<script>alert(1)</script>', '%0a%0d',
];

const GROUP = 'mutation ($input: CreateEnvGroupInput!) { createEnvGroup(input: $input) { id } }';
const DELETE_GROUP = 'mutation ($id: ID!) { deleteEnvGroup(id: $id, force: true) { id } }';
const CREDENTIAL = 'mutation ($input: SetRegistryCredentialInput!) { setRegistryCredential(input: $input) { id } }';
const SERVICE_TOKEN = 'mutation ($input: CreateTokenInput) { createToken(input: $input) { id } }';

let api: TestApi;
let ada: TestAccount;
let world: World;

beforeAll(async () => {
  api = await TestApi.start();
  ada = await api.account('Ada');
  world = await createWorld(api, ada);
});
afterAll(() => api.stop());

test.each(ATTACKS)('%j is refused where it names something: on create, change and delete, and nothing has changed', async (attack) => {
  const before = await api.counts();
  const { teamId, serviceId } = world;
  const service = { ...MY_SERVICE, teamId };
  const refused: [string, string, Record<string, unknown>][] = [
    ['a service', DEPLOY, { input: { ...service, name: attack } }],
    ['an image', DEPLOY, { input: { ...service, image: attack } }],
    ['an environment of a service', DEPLOY, { input: { ...service, environment: attack } }],
    ['a variable', DEPLOY, { input: { ...service, env: { [attack]: '1' } } }],
    ['an image, later', UPDATE, { id: serviceId, input: { image: `nginx:${attack}` } }],
    ['a path', UPDATE, { id: serviceId, input: { healthCheck: { path: `x${attack}` } } }],
    ['a repository', UPDATE, { id: serviceId, input: { source: { repository: attack, branch: 'main' } } }],
    ['an environment', CREATE_ENVIRONMENT, { input: { name: attack, teamId } }],
    ['a group', GROUP, { input: { name: attack, variables: {}, teamId } }],
    ['a registry', CREDENTIAL, { input: { registry: attack, username: 'ci', password: 'x', teamId } }],
    ['an address of mail', ADD_MEMBER, { teamId, input: { email: `a@example.com${attack}` } }],
    ['a confirmation', DELETE_TEAM, { id: teamId, confirm: attack }],
  ];
  for (const [what, text, variables] of refused) expect([what, (await api.run(ada.token, text, variables)).code]).toEqual([what, 'BAD_REQUEST']);
  for (const text of [DELETE, DELETE_ENVIRONMENT, DELETE_GROUP]) expect((await api.run(ada.token, text, { id: attack })).code).toBe('NOT_FOUND');
  expect((await api.run(ada.token, SERVICE_TOKEN, { input: { serviceId: attack } })).code).toMatch(/NOT_FOUND|BAD_REQUEST/);
  const { 'public.costly_call': _now, ...after } = await api.counts();
  const { 'public.costly_call': _then, ...then } = before;
  expect(after).toEqual(then);
});

test('where it is only text it stays that text, to the letter', async () => {
  for (const attack of ATTACKS.filter((text) => !/[\n\r\0]/.test(text))) {
    expect((await api.run(ada.token, UPDATE_TEAM, { id: world.teamId, input: { name: attack } })).data.updateTeam.name).toBe(attack);
    expect((await api.run(ada.token, CREATE_TOKEN, { input: { name: attack } })).data.createToken.name).toBe(attack);
    const { id } = (await api.run(ada.token, DEPLOY, { input: { name: `web-${ATTACKS.indexOf(attack)}`, image: 'nginx', teamId: world.teamId, env: { VALUE: attack }, command: ['sh', '-c', attack] } })).data.deployService;
    const shown = await api.run(ada.token, 'mutation ($id: ID!) { revealVariables(serviceId: $id) { value } }', { id });
    expect(shown.data.revealVariables).toEqual([{ value: attack }]);
    await api.em.execute('delete from costly_call');
  }
});

test('a NUL character, which the database cannot keep, is refused in every text of every field, and never an internal error', async () => {
  const texts: [string, Record<string, unknown>][] = [
    ['query ($x: String) { services(environment: $x) { nodes { id } } }', { x: 'a\0' }],
    ['query ($id: ID!, $x: String!) { team(id: $id) { viewerCan(action: $x) } }', { id: world.teamId, x: 'a\0' }],
    ['query ($id: ID!, $x: String!) { team(id: $id) { auditLog(filter: { action: $x }) { nodes { id } } } }', { id: world.teamId, x: 'a\0' }],
    ['mutation ($x: String!) { signIn(input: { email: $x, password: $x }) { id } }', { x: 'a\0@example.com' }],
    [CREATE_TOKEN, { input: { name: 'a\0' } }],
    [DEPLOY, { input: { name: 'web', image: 'nginx', command: ['sh', 'a\0'] } }],
  ];
  for (const [text, variables] of texts) expect([text, (await api.run(ada.token, text, variables)).code]).toEqual([text, 'BAD_REQUEST']);
});
