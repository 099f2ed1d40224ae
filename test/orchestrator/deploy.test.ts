import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ClusterInstallation, type SeenService } from './cluster-installation.js';

let installation: ClusterInstallation;
let web: string;
beforeAll(async () => {
  installation = await ClusterInstallation.start();
});
afterAll(() => installation.stop());

const update = (id: string, input: Record<string, unknown>): Promise<unknown> =>
  installation.graphql('mutation ($id: ID!, $input: UpdateServiceInput!) { updateService(id: $id, input: $input) { id } }', { id, input });
const pause = (id: string, on: boolean): Promise<unknown> =>
  installation.graphql('mutation ($id: ID!, $pause: Boolean!) { pauseService(id: $id, pause: $pause) { id } }', { id, pause: on });
const ended = ({ latestDeployment: { state } }: SeenService): boolean => ['LIVE', 'FAILED', 'CANCELED', 'SUPERSEDED'].includes(state);

test('a service becomes RUNNING and its address answers', async () => {
  web = await installation.deploy({ name: 'web', image: 'apex.local/hello', containerPort: 8080, public: true, replicas: 2, env: { GREETING: 'from a test' } });
  const service = await installation.until(web, ({ status }) => status === 'RUNNING');
  expect(service).toMatchObject({ readyReplicas: 2, statusMessage: null, latestDeployment: { state: 'LIVE', release: 1, reason: null } });
  expect(service.latestDeployment.digest).toMatch(/^sha256:[a-f0-9]{64}$/);
  expect((await installation.visit(service.url!)).status).toBe(200);
  const [pod] = await installation.pods(web);
  expect(pod!.spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
});

test('steps and their sentences are told in order', async () => {
  const { latestDeployment } = await installation.service(web);
  const { deployment } = await installation.graphql<{ deployment: { steps: { name: string; state: string }[] } }>(
    'query ($id: ID!) { deployment(id: $id) { steps { name state } } }',
    { id: latestDeployment.id },
  );
  expect(deployment.steps).toEqual([{ name: 'PREPARE', state: 'DONE' }, { name: 'ROLL_OUT', state: 'DONE' }]);
});

test('nothing is written when nothing differs: not on a restart, not on a look', async () => {
  await installation.idle();
  await installation.shutDown();
  installation.calls.length = 0;
  await installation.boot();
  await installation.eventually(async () => installation.calls.filter(({ kind }) => kind === 'PodDisruptionBudget').length, (looks) => looks >= 2);
  await installation.idle();
  expect(installation.writes()).toEqual({});
});

test('an update that cannot be pulled fails with its reason and the old release serves on, untouched', async () => {
  const before = (await installation.pods(web)).map(({ metadata }) => metadata.uid).sort();
  await update(web, { image: 'apex.local/hello:no-such-tag' });
  const service = await installation.until(web, ended);
  expect(service.latestDeployment).toMatchObject({ state: 'FAILED', release: null, reason: { code: 'IMAGE_NOT_FOUND', message: expect.stringContaining('hello:no-such-tag') } });
  await installation.until(web, ({ status }) => status === 'RUNNING');
  expect((await installation.pods(web)).map(({ metadata }) => metadata.uid).sort()).toEqual(before);
  expect((await installation.visit(service.url!)).status).toBe(200);
});

test('an update that never gets ready fails and the old release serves on', async () => {
  const before = (await installation.pods(web)).map(({ metadata }) => metadata.uid).sort();
  await update(web, { image: 'apex.local/hello', command: ['/no/such/program'] });
  const failed = await installation.until(web, ended, 90);
  expect(failed.latestDeployment).toMatchObject({ state: 'FAILED', release: 2, reason: { code: 'CRASH_LOOP', message: expect.stringContaining('/no/such/program') } });
  await installation.until(web, ({ status }) => status === 'RUNNING');
  const after = await installation.eventually(() => installation.pods(web), (pods) => pods.length === 2);
  expect(after.map(({ metadata }) => metadata.uid).sort()).toEqual(before);
}, 120_000);

test('a redeploy replaces the pods without a new request for anything', async () => {
  const before = (await installation.pods(web)).map(({ metadata }) => metadata.uid);
  await update(web, { command: null });
  await installation.until(web, (service) => ended(service) && service.status === 'RUNNING');
  const after = (await installation.pods(web)).filter(({ metadata }) => !metadata.deletionTimestamp).map(({ metadata }) => metadata.uid);
  expect(after.some((uid) => before.includes(uid))).toBe(false);
});

test('a paused service runs nothing and answers nowhere; a deploy meanwhile is prepared and waits; resuming brings it back', async () => {
  const { url } = await installation.service(web);
  await pause(web, true);
  expect((await installation.service(web)).status).toBe('PAUSED');
  await installation.eventually(() => installation.visit(url!), ({ status }) => status === 404);
  await installation.eventually(() => installation.pods(web), (pods) => pods.length === 0, 60);
  await installation.graphql('mutation ($id: ID!) { redeployService(id: $id) { id } }', { id: web });
  const waiting = await installation.until(web, ({ latestDeployment }) => latestDeployment.state === 'ROLLING_OUT');
  expect(waiting).toMatchObject({ status: 'PAUSED', latestDeployment: { release: expect.any(Number) } });
  expect(await installation.pods(web)).toEqual([]);
  await pause(web, false);
  const service = await installation.until(web, ({ status }) => status === 'RUNNING');
  expect(service.latestDeployment).toMatchObject({ id: waiting.latestDeployment.id, state: 'LIVE' });
  expect((await installation.visit(url!)).status).toBe(200);
}, 120_000);

test('what is changed or deleted by hand is put back', async () => {
  const [deployment] = await installation.objects('Deployment');
  await installation.kube.remove(deployment!);
  await installation.eventually(() => installation.objects('Deployment'), ([again]) => again !== undefined && again.metadata.uid !== deployment!.metadata.uid);
  await installation.until(web, ({ status, readyReplicas }) => status === 'RUNNING' && readyReplicas === 2);
  const path = `/apis/apps/v1/namespaces/${deployment!.metadata.namespace}/deployments/web`;
  await installation.kube.call('PATCH', path, 'Deployment', { body: { spec: { replicas: 5 } }, contentType: 'application/merge-patch+json' });
  const replicas = async (): Promise<unknown> => ((await installation.objects('Deployment'))[0]?.spec as { replicas: number }).replicas;
  await installation.eventually(replicas, (count) => count === 2);
});

test('a deleted service leaves nothing, in the cluster or in its tables, and its name is free at once', async () => {
  await installation.graphql('mutation ($id: ID!) { deleteService(id: $id) { id } }', { id: web });
  const again = await installation.deploy({ name: 'web', image: 'apex.local/hello', containerPort: 8080, env: { A: 'b' } });
  await installation.until(again, ({ status }) => status === 'RUNNING', 90);
  await installation.eventually(() => installation.pods(web), (pods) => pods.length === 0, 60);
  await installation.graphql('mutation ($id: ID!) { deleteService(id: $id) { id } }', { id: again });
  await installation.eventually(() => installation.allObjects(), (left) => left.length === 0, 60);
  const rows = async (): Promise<string> => (await installation.database.orm.em.fork().execute<[{ count: string }]>('select (select count(*) from service) + (select count(*) from variable) + (select count(*) from lease where key like \'service/%\') as count'))[0].count;
  await installation.eventually(rows, (count) => count === '0');
}, 180_000);
