import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { CoreV1Api, type KubernetesObject } from '@kubernetes/client-node';
import { readCredentials } from '../../src/orchestrator/kubernetes/cluster-source.js';
import { pushHello } from '../acceptance/hello-image.js';
import { until, visit } from '../acceptance/rest-client.js';
import { theCluster } from '../orchestrator/cluster-installation.js';
import { deliver, newCommit, pullRequestOf, SECRET, type PullRequestWish } from '../support/github.js';
import { graphql, http } from '../support/http.js';
import { PREVIEWS } from '../support/operations.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

/** The machine may be busy with much else. */
const SECONDS = 180;

let server: TestServer;
let core: CoreV1Api;
let repository: string;
beforeAll(async () => {
  server = await startTestServer({ cluster: true, env: { APEX_GITHUB_WEBHOOK_SECRET: SECRET } });
  core = readCredentials(theCluster()).load().makeApiClient(CoreV1Api);
  repository = `acme/site-${server.id}`;
}, 120_000);
afterAll(() => server?.stop());

const event = async (wish: PullRequestWish): Promise<any> => (await deliver(server, { event: 'pull_request', payload: pullRequestOf({ repository, ...wish }) })).body;
const preview = async (): Promise<any> => (await graphql(server.url, server.token, PREVIEWS)).body.data.previews.nodes[0];
const namespaces = new Set<string>();
/** The namespaces of previews, and the volumes that were claimed from them. */
const left = async (): Promise<string[]> => {
  const [installation] = await server.database.orm.em.getConnection().execute<{ id: string }[]>('select id from installation');
  const { items } = await core.listNamespace({ labelSelector: `apexpaas.com/installation=${installation!.id}` });
  const names = items.map(named).filter((name) => name.includes('-pr-7-'));
  for (const name of names) namespaces.add(name);
  const volumes = (await core.listPersistentVolume()).items.filter(({ spec }) => namespaces.has(spec?.claimRef?.namespace ?? ''));
  return [...names, ...volumes.map(named)];
};
const named = ({ metadata }: KubernetesObject): string => metadata?.name ?? '';

it('a pull request that is opened, pushed to and closed: its preview appears, changes, and disappears with all its objects', async () => {
  const image = `apex.local/preview-${server.id}`;
  const [first, second] = [newCommit(), newCommit()];
  await pushHello(`${image}:main`, ['OF_MAIN=1']);
  await pushHello(`${image}:${first}`, ['OF_FIRST=1']);
  await pushHello(`${image}:${second}`, ['OF_SECOND=1']);
  await http(`${server.url}/api/databases`, { token: server.token, json: { name: 'cache', type: 'redis', size: 'small' } });
  const web = await http(`${server.url}/api/deploy`, { token: server.token, json: { name: 'web', image: `${image}:main`, containerPort: 8080, public: true, env: { MODE: 'production' }, source: { repository } } });
  const { id, url } = web.body;
  const on = await http(`${server.url}/api/services/${id}`, { method: 'PATCH', token: server.token, json: { previews: { image: `${image}:{commit}`, needs: ['cache'], variables: { ONLY_HERE: 'yes' } } } });
  expect([on.status, on.text]).toEqual([200, expect.any(String)]);
  await until('production serves', () => visit(url, '/env-names'), ({ status }) => status === 200, SECONDS);

  const opened = performance.now();
  expect(await event({ commit: first })).toMatchObject({ outcome: 'DEPLOYED' });
  const { services } = await preview();
  const address = services[0].url;
  expect(address).not.toBe(url);
  const shown = await until('the preview serves', () => visit(address, '/env-names'), ({ status, text }) => status === 200 && text.includes('OF_FIRST'), SECONDS);
  process.stdout.write(`preview: from its pull request to serving ${Math.round(performance.now() - opened)} ms\n`);
  expect(shown.text).toMatch(/^MODE$/m);
  expect(shown.text).toMatch(/^ONLY_HERE$/m);
  await until('its database is there', preview, ({ databases }) => databases[0].status === 'AVAILABLE', SECONDS);

  expect(await event({ action: 'synchronize', commit: second, at: 1_800_000_010 })).toMatchObject({ outcome: 'DEPLOYED' });
  await until('the push serves', () => visit(address, '/env-names'), ({ status, text }) => status === 200 && text.includes('OF_SECOND') && !text.includes('OF_FIRST'), SECONDS);
  await until('it is live', preview, (one) => one.services[0].latestDeployment.state === 'LIVE' && one.services[0].latestDeployment.commit === second, SECONDS);
  // Its namespace, and the volume of its database.
  expect(await left()).toHaveLength(2);

  expect(await event({ action: 'closed', commit: second, at: 1_800_000_020 })).toMatchObject({ outcome: 'CLOSED' });
  await until('all its objects are gone', left, (names) => names.length === 0, SECONDS);
  await until('all its rows are gone', async () => {
    const [row] = await server.database.orm.em.getConnection().execute<[{ rows: number }]>(
      `select (select count(*) from environment where kind = 'PREVIEW')::int + (select count(*) from service where id <> '${id}')::int + (select count(*) from managed_database where name = 'cache')::int - 1 as rows`,
    );
    return row.rows;
  }, (rows) => rows === 0, SECONDS);
  expect(await preview()).toMatchObject({ state: 'CLOSED', environment: null, services: [], databases: [] });
  expect((await visit(url, '/env-names')).text).toContain('OF_MAIN');
}, 900_000);
