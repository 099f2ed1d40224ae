import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sign } from '@octokit/webhooks-methods';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { readCredentials } from '../../src/orchestrator/kubernetes/cluster-source.js';
import { KubeClient } from '../../src/orchestrator/kubernetes/kube-client.js';
import { installationSelector } from '../../src/orchestrator/kubernetes/labels.js';
import { theCluster } from '../orchestrator/cluster-installation.js';
import { deliver, pushOf } from '../support/github.js';
import { http, type HttpWish } from '../support/http.js';
import { startPrivateRegistry, READER, type PrivateRegistry } from '../support/private-registry.js';
import { startTestServer, type TestServer } from '../support/test-server.js';
import { Witness } from '../support/witness.js';

const witness = new Witness();
const GIVEN = {
  hook: witness.hides("the installation's webhook secret", 'canary-61b0-of-the-installations-hook'),
  smtp: witness.hides('SMTP password', 'canary-2c77-of-the-mail-server'),
  metrics: witness.hides("the metrics' token", 'canary-9d10-of-the-metrics'),
  password: witness.hides("the operator's password", 'canary-44e2-of-the-operator'),
  guess: witness.hides('a password that was wrong', 'canary-0f3a-of-a-guesser'),
  invited: witness.hides("an invited person's password", 'canary-b5c8-of-the-invited'),
  variable: witness.hides('a variable', 'canary-1a9e-of-a-variable'),
  changed: witness.hides('a variable that was changed', 'canary-77aa-of-an-update'),
  refused: witness.hides('a variable that was refused', 'canary-c0de-of-a-refusal'),
  group: witness.hides("a group's variable", 'canary-8e41-of-a-group'),
  registry: witness.hides('registry password', READER.password),
  builds: witness.hides('the password of the registry of builds', 'canary-3e7d-of-the-builds'),
};
const EMAIL = 'operator@example.com';

let registry: PrivateRegistry;
let server: TestServer;
let kube: KubeClient;

beforeAll(async () => {
  registry = await startPrivateRegistry();
  kube = new KubeClient(readCredentials(theCluster()).load(), 'apex-test');
  server = await startTestServer({
    cluster: true, logLevel: 'trace',
    env: {
      APEX_GITHUB_WEBHOOK_SECRET: GIVEN.hook, APEX_SMTP_URL: `smtp://mailer:${GIVEN.smtp}@127.0.0.1:9`, APEX_METRICS_TOKEN: GIVEN.metrics, APEX_ALLOWED_INTERNAL: registry.host,
      APEX_REGISTRY: 'localhost:9/apex', APEX_REGISTRY_USER: 'writer', APEX_REGISTRY_PASSWORD: GIVEN.builds, APEX_DEPLOY_DEADLINE_SECONDS: '60', APEX_RATE_LIMIT: '100000',
    },
  });
  witness.hides("the installation's key", server.secretKey);
  witness.hides("the operator's token", server.token);
}, 120_000);
afterAll(async () => {
  await kube.close();
  await server?.stop();
  await registry?.stop();
});

/** A request that shows nothing; one that shows a secret on purpose goes past the witness, and the secret is looked for from then on. */
const rest = (path: string, json?: unknown, wish: HttpWish = {}) => witness.ask(server.url + path, { token: server.token, ...(json !== undefined && { json }), ...wish });
const query = (text: string, variables: Record<string, unknown> = {}, wish: HttpWish = {}) => rest('/graphql', { query: text, variables }, wish);
async function shown(kind: string, path: string, json: unknown, find: (body: any) => string): Promise<{ secret: string; body: any; headers: Headers }> {
  const { body, headers } = await http(server.url + path, { token: server.token, json });
  const secret = find(body);
  witness.hides(kind, secret);
  return { secret, body, headers };
}

/** Waits for the cluster's part, looking as a client does: each look is seen by the witness. */
async function until(path: string, what: (body: any) => boolean): Promise<any> {
  for (let tries = 0; ; tries += 1) {
    const { body } = await rest(path);
    if (what(body)) return body;
    if (tries > 1_000) throw new Error(`It never came: ${JSON.stringify(body)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test('people: sessions, tokens, invitations, passwords', async () => {
  await query('mutation ($input: UpdateAccountInput!) { updateAccount(input: $input) { id name email } }', { input: { email: EMAIL, password: GIVEN.password } });
  const signIn = 'mutation ($input: SignInInput!) { signIn(input: $input) { id } }';
  await query(signIn, { input: { email: EMAIL, password: GIVEN.guess } }, { token: null });
  const session = await http(`${server.url}/graphql`, { json: { query: signIn, variables: { input: { email: EMAIL, password: GIVEN.password } } } });
  const cookie = session.headers.get('set-cookie')!.split(';')[0]!;
  witness.hides('a session', cookie.split('=')[1]!);
  await query('{ viewer { id email } tokens { id name prefix } }', {}, { token: null, headers: { cookie, origin: server.url } });

  const input = { name: 'ci', scopes: ['deploy'] };
  const { secret } = await shown('a token', '/api/account/token', input, ({ token }) => token);
  const keyed = await http(`${server.url}/api/account/token`, { token: server.token, json: input, headers: { 'idempotency-key': 'canaries-1' } });
  witness.hides('a token that is kept for who asks again', keyed.body.token);
  await rest('/api/services', undefined, { token: secret });
  await rest('/api/services', undefined, { token: `${secret}x` });
  await rest('/api/account/token');

  const team = (await rest('/api/teams', { name: 'Engineering' })).body;
  const { body: invited } = await shown('an invitation', `/api/teams/${team.id}/members`, { email: 'new@example.com', role: 'ADMIN' }, ({ inviteUrl }) => new URL(inviteUrl).searchParams.get('token')!);
  await rest(`/api/teams/${team.id}/members`);
  const link = new URL(invited.inviteUrl).searchParams.get('token');
  await rest('/api/invitations/accept', { token: link, name: '', password: GIVEN.invited }, { token: null });
  await shown("an invited person's first token", '/api/invitations/accept', { token: link, name: 'New', password: GIVEN.invited }, ({ token }) => token);
  await rest('/api/invitations/accept', { token: link, name: 'New', password: GIVEN.invited }, { token: null });
  await rest(`/api/teams/${team.id}/audit-log`, undefined, { headers: { accept: 'application/x-ndjson' } });
});

test('what is refused is not repeated', async () => {
  const env = { 'NOT-A-NAME!': GIVEN.refused };
  expect((await rest('/api/deploy', { name: 'web', image: 'apex.local/hello', env })).status).toBe(400);
  await rest('/api/deploy', { name: 'web', image: 'apex.local/hello', env: { LIST: [GIVEN.refused] } });
  await rest('/api/env-groups', { name: 'x', variables: GIVEN.refused });
  await rest('/api/registry-credentials', { registry: 'not a registry', username: 'a:b', password: { wrapped: GIVEN.refused } });
  await rest('/api/deploy', undefined, { raw: `{"env": {"A": "${GIVEN.refused}"`, headers: { 'content-type': 'application/json' } });
  const documents: [string, Record<string, unknown>][] = [
    ['mutation ($input: SignInInput!) { signIn(input: $input) { id } }', { input: { email: EMAIL, password: [GIVEN.refused] } }],
    ['mutation ($input: DeployServiceInput!) { deployService(input: $input) { id } }', { input: { name: 'web', image: 'x', env: { A: { b: GIVEN.refused } } } }],
    [`mutation { signIn(input: { email: "a@example.com", password: ["${GIVEN.refused}"] }) { id } }`, {}],
    [`mutation { setRegistryCredential(input: { registry: "ghcr.io", username: "ci", password: "${GIVEN.refused}", colour: 1 }) { id } }`, {}],
    [`mutation { signIn(input: { email: "a@example.com", password "${GIVEN.refused}" }) { id } }`, {}],
    [`mutation { createEnvGroup(input: { name: "x", variables: "${GIVEN.refused}" }) { id } }`, {}],
  ];
  for (const [text, variables] of documents) {
    await query(text, variables);
    await rest('/graphql/stream', { query: text, variables }, { headers: { accept: 'text/event-stream' } });
    const client = createClient({ url: `${server.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: { Authorization: `Bearer ${server.token}` } });
    const answer = await client.iterate({ query: text, variables }).next().catch((error: unknown) => error);
    witness.saw('WebSocket', JSON.stringify(answer));
    await client.dispose();
  }
});

test('what goes wrong inside is logged without it', async () => {
  const rename = (from: string, to: string) => server.database.orm.em.getConnection().execute(`alter table ${from} rename to ${to}`);
  for (const table of ['env_group_variable', 'registry_credential', 'token']) {
    await rename(table, 'away');
    try {
      await rest('/api/env-groups', { name: 'broken', variables: { A: GIVEN.group } });
      await rest('/api/registry-credentials', { registry: 'ghcr.io', username: 'ci', password: GIVEN.registry });
      await query('mutation ($input: SignInInput!) { signIn(input: $input) { id } }', { input: { email: EMAIL, password: GIVEN.password } }, { token: null });
    } finally {
      await rename('away', table);
    }
  }
  await rest('/api/env-groups', { name: 'broken', variables: { A: GIVEN.group } });
});

test('what runs: variables, groups, databases, private images, webhooks, a program that prints what it has', async () => {
  const credential = await rest('/api/registry-credentials', { registry: registry.host, username: READER.username, password: READER.password });
  expect(credential.status).toBe(200);
  const database = (await rest('/api/databases', { name: 'main', type: 'postgres', size: 'small' })).body;
  const group = (await rest('/api/env-groups', { name: 'shared', variables: { SHARED: GIVEN.group } })).body;
  const service = (await rest('/api/deploy', { name: 'web', image: registry.image, containerPort: 8080, public: true, env: { API_KEY: GIVEN.variable } })).body;
  await until(`/api/services/${service.id}`, ({ status }) => status === 'RUNNING');
  await rest(`/api/services/${service.id}/attach-group/${group.id}`, {});
  await until(`/api/databases/${database.id}`, ({ status }) => status === 'AVAILABLE');
  const link = 'mutation ($serviceId: ID!, $databaseId: ID!) { linkDatabase(serviceId: $serviceId, databaseId: $databaseId) { id } }';
  expect((await query(link, { serviceId: service.id, databaseId: database.id })).body.errors).toBeUndefined();
  const connection = async (): Promise<string> => (await http(`${server.url}/graphql`, { token: server.token, json: { query: 'query ($id: ID!) { databaseConnection(id: $id) { password url } }', variables: { id: database.id } } })).body.data.databaseConnection.password;
  witness.hides('a database password', await connection());
  await rest(`/api/services/${service.id}`, { env: { API_KEY: GIVEN.changed } }, { method: 'PATCH' });
  await until(`/api/services/${service.id}`, ({ status, latestDeployment }) => status === 'RUNNING' && latestDeployment.state === 'LIVE');
  for (const path of ['variables', 'deployments', 'releases', 'logs']) await rest(`/api/services/${service.id}/${path}`);
  const revealed = await http(`${server.url}/api/services/${service.id}/variables/reveal`, { token: server.token, json: {} });
  expect(JSON.stringify(revealed.body)).toContain(GIVEN.changed);

  const { secret, body } = await shown("a service's webhook secret", `/api/services/${service.id}/webhook`, {}, (answer) => answer.secret);
  await rest(`/api/services/${service.id}`, { source: { repository: 'canaries/of-a-push', branch: 'main' } }, { method: 'PATCH' });
  const push = { payload: pushOf({ repository: 'canaries/of-a-push' }) };
  witness.hides('the signature of a delivery', (await sign(secret, JSON.stringify(push.payload))).split('=')[1]!);
  const receiver = new URL(body.url).searchParams.get('service')!;
  for (const wish of [{ secret, service: receiver }, { secret: GIVEN.hook }, { secret: 'another' }]) witness.saw('POST /api/webhooks/github', (await deliver(server, { ...push, ...wish })).text);
  await query('{ webhookDeliveries(first: 20) { nodes { deliveryId event message effects { message } } } }');

  // It prints all that it has and ends: its last lines are for those who may read its log.
  const printer = (await rest('/api/deploy', { name: 'printer', image: 'nginx:alpine', command: ['env'], env: { API_KEY: GIVEN.variable } })).body;
  const failed = await until(`/api/services/${printer.id}`, ({ latestDeployment }) => latestDeployment.state === 'FAILED');
  const ask = 'query ($id: ID!) { deployment(id: $id) { reason { code message lastLines } } }';
  const { body: told } = await http(`${server.url}/graphql`, { token: server.token, json: { query: ask, variables: { id: failed.latestDeployment.id } } });
  expect(told.data.deployment.reason.lastLines.join('\n')).toContain(GIVEN.variable);
  await query('mutation ($id: ID!) { rotateDatabaseCredentials(id: $id) { id status } }', { id: database.id });
  await until(`/api/databases/${database.id}`, ({ status }) => status === 'AVAILABLE');
  witness.hides('a database password that was rotated', await connection());
}, 300_000);

test('no secret is in a dump of the database, the log, an answer, or an object of the cluster that is no Secret', async () => {
  for (const path of ['/api/services', '/api/env-groups', '/api/databases', '/api/teams', '/api/account/token', '/api/openapi.json', '/metrics', '/readyz']) await rest(path);
  const { stdout } = await promisify(execFile)('pg_dump', ['--inserts', server.database.url], { maxBuffer: 2 ** 28 });
  for (const known of ['API_KEY', 'canaries/of-a-push', EMAIL]) expect(stdout).toContain(known);
  witness.saw('the database', stdout);
  for (const known of ['the server is ready', 'a mail could not be sent', 'env_group_variable']) expect(server.log()).toContain(known);
  witness.saw('the log', server.log());

  const [{ id }] = await server.database.orm.em.fork().execute<[{ id: string }]>('select id from installation');
  const namespaces = (await kube.list('Namespace', installationSelector(id))).items.map(({ metadata }) => metadata.name);
  const seen = new Set<string>();
  for (const path of await collections()) {
    for (const namespace of namespaces) {
      const { items } = await kube.call<{ items: unknown[] }>('GET', path.replace('NAMESPACE', namespace), 'Pod');
      if (items.length === 0) continue;
      seen.add(path.split('/').at(-1)!);
      witness.saw(`the cluster's ${path}`, JSON.stringify(items));
    }
  }
  expect([...seen]).toEqual(expect.arrayContaining(['pods', 'events', 'deployments', 'replicasets', 'statefulsets', 'ingresses', 'services', 'networkpolicies', 'resourcequotas', 'persistentvolumeclaims']));
  for (const [name, text] of logsOfNode()) witness.saw(`the node's ${name}`, text);

  const findings = witness.findings();
  process.stdout.write(`canaries: ${witness.secrets.length} secrets of ${new Set(witness.secrets.map(({ kind }) => kind)).size} kinds, ${witness.places} places, ${findings.length} found\n`);
  expect(findings).toEqual([]);
}, 120_000);

/** Paths of all kinds of namespaced objects that the cluster can list, Secrets aside. */
async function collections(): Promise<string[]> {
  const get = <T>(path: string): Promise<T> => kube.call<T>('GET', path, 'Pod');
  const { groups } = await get<{ groups: { versions: { groupVersion: string }[] }[] }>('/apis');
  const roots = ['/api/v1', ...groups.flatMap(({ versions }) => versions.map(({ groupVersion }) => `/apis/${groupVersion}`))];
  const lists = await Promise.all(
    roots.map(async (root) => {
      const { resources } = await get<{ resources: { name: string; namespaced: boolean; verbs: string[] }[] }>(root);
      return resources.filter(({ name, namespaced, verbs }) => namespaced && verbs.includes('list') && name !== 'secrets').map(({ name }) => `${root}/namespaces/NAMESPACE/${name}`);
    }),
  );
  return lists.flat();
}

/** Logs of the node's own programs, where it runs here: what went through them must not stay in them. */
function logsOfNode(): [string, string][] {
  const folder = join(process.env['APEX_NODE_DIR'] ?? '/var/lib/apex-node', 'logs');
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.log')).map((name) => [name, readFileSync(join(folder, name), 'utf8')]) : [];
}
