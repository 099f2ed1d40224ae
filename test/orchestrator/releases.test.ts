import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execInPod } from '../../src/orchestrator/kubernetes/pod-exec.js';
import { pushHelloWithBusybox } from '../acceptance/hello-image.js';
import { ClusterInstallation, type SeenService } from './cluster-installation.js';

let installation: ClusterInstallation;
let web: string;
let image: string;
beforeAll(async () => {
  installation = await ClusterInstallation.start();
  image = `apex.local/releases-${installation.installationId}:latest`;
});
afterAll(() => installation.stop());

const GREETING = 'grüße "\\ $HOME\tend';
const ended = ({ latestDeployment: { state } }: SeenService): boolean => ['LIVE', 'FAILED', 'CANCELED', 'SUPERSEDED'].includes(state);
const update = (id: string, input: Record<string, unknown>): Promise<unknown> =>
  installation.graphql('mutation ($id: ID!, $input: UpdateServiceInput!) { updateService(id: $id, input: $input) { id } }', { id, input });
const rollback = (id: string, toRelease: number): Promise<any> =>
  installation.graphql('mutation ($id: ID!, $toRelease: Int!) { rollbackService(id: $id, toRelease: $toRelease) { id trigger release digest } }', { id, toRelease });
const releases = async (id: string): Promise<any[]> =>
  (await installation.graphql<any>('query ($id: ID!) { service(id: $id) { releases { nodes { id number digest manifestHash variables { key revision } } } } }', { id })).service.releases.nodes;
const lastDeployment = async (id: string): Promise<any> =>
  (await installation.graphql<any>('query ($id: ID!) { service(id: $id) { latestDeployment { state steps { name state } reason { code message lastLines } } } }', { id })).service.latestDeployment;

/** The variables of the processes that run now, byte for byte as the kernel has them. */
async function environmentsOf(id: string): Promise<Map<string, Buffer>[]> {
  const pods = (await installation.pods(id)).filter(({ metadata }) => !metadata.deletionTimestamp);
  return Promise.all(
    pods.map(async ({ metadata }) => {
      const read: Buffer[] = [];
      const wish = { namespace: metadata.namespace!, pod: metadata.name, container: 'app', command: ['/busybox', 'cat', '/proc/1/environ'], input: [], signal: AbortSignal.timeout(20_000) };
      expect(await execInPod(installation.kube, wish, (chunk) => void read.push(chunk))).toMatchObject({ exitCode: 0 });
      const entries = Buffer.concat(read).toString('latin1').split('\0').filter(Boolean);
      return new Map(entries.map((entry) => [entry.slice(0, entry.indexOf('=')), Buffer.from(entry.slice(entry.indexOf('=') + 1), 'latin1')]));
    }),
  );
}

async function bytesOf(id: string, key: string): Promise<(string | undefined)[]> {
  return (await environmentsOf(id)).map((variables) => variables.get(key)?.toString('hex'));
}

test('a rollback runs that very release: the digest that its tag has left, and the variables as they were', async () => {
  await pushHelloWithBusybox(image, ['FIRST_BUILD=1']);
  web = await installation.deploy({ name: 'web', image, containerPort: 8080, public: true, env: { GREETING, OLD: 'x' } });
  const first = await installation.until(web, ({ status }) => status === 'RUNNING');
  await pushHelloWithBusybox(image, ['SECOND_BUILD=1']);
  await update(web, { image, command: null, env: { GREETING: 'changed', OLD: null, NEW: 'y' } });
  const second = await installation.until(web, (service) => ended(service) && service.latestDeployment.release === 2 && service.status === 'RUNNING');
  expect(second.latestDeployment.digest).not.toBe(first.latestDeployment.digest);

  const { rollbackService } = await rollback(web, 1);
  expect(rollbackService).toMatchObject({ trigger: 'ROLLBACK', release: 1 });
  const back = await installation.until(web, (service) => service.latestDeployment.id === rollbackService.id && ended(service) && service.status === 'RUNNING');
  expect(back.latestDeployment).toMatchObject({ state: 'LIVE', release: 1, digest: first.latestDeployment.digest });
  const pods = await installation.eventually(() => installation.pods(web), (all) => all.filter(({ metadata }) => !metadata.deletionTimestamp).length === 1);
  const [pod] = pods.filter(({ metadata }) => !metadata.deletionTimestamp) as any[];
  expect(pod.spec.containers[0].image).toContain(first.latestDeployment.digest);
  const [inside, ...more] = await environmentsOf(web);
  expect(more).toEqual([]);
  expect(inside!.get('GREETING')).toEqual(Buffer.from(GREETING));
  expect([inside!.get('OLD')?.toString(), inside!.has('NEW'), inside!.get('FIRST_BUILD')?.toString(), inside!.has('SECOND_BUILD')]).toEqual(['x', false, '1', false]);
  expect((await installation.eventually(() => installation.visitPath(back.url!, '/env-names'), ({ text }) => text.includes('FIRST_BUILD'))).text).not.toContain('SECOND_BUILD');
}, 150_000);

test('the intent follows a rollback: a redeploy goes on from there', async () => {
  await installation.graphql('mutation ($id: ID!) { redeployService(id: $id) { id } }', { id: web });
  await installation.until(web, (service) => ended(service) && service.latestDeployment.release === 3 && service.status === 'RUNNING');
  expect(await bytesOf(web, 'GREETING')).toEqual([Buffer.from(GREETING).toString('hex')]);
  const [third, second, first] = await releases(web);
  expect(new Set([first, second, third].map(({ manifestHash }) => manifestHash)).size).toBe(3);
  expect(first.variables).toEqual([{ key: 'GREETING', revision: 1 }, { key: 'OLD', revision: 1 }]);
  expect(third.variables.map(({ key }: any) => key)).toEqual(['GREETING', 'OLD']);
  const { releaseDiff } = await installation.graphql<any>(
    'query ($a: ID!, $b: ID!) { releaseDiff(releaseA: $a, releaseB: $b) { fields { field } variables { key change } } }',
    { a: first.id, b: second.id },
  );
  expect(releaseDiff).toEqual({
    fields: [{ field: 'digest' }],
    variables: [{ key: 'GREETING', change: 'CHANGED' }, { key: 'NEW', change: 'ADDED' }, { key: 'OLD', change: 'REMOVED' }],
  });
  expect(JSON.stringify(releaseDiff)).not.toContain('changed');
}, 90_000);

test('a release that does not exist is refused', async () => {
  await expect(rollback(web, 99)).rejects.toThrow('no release 99');
});

test('a promotion runs the same digest in another environment, with the variables of there', async () => {
  await installation.graphql('mutation { createEnvironment(input: { name: "staging" }) { id } }');
  const { promoteService } = await installation.graphql<any>('mutation ($id: ID!) { promoteService(id: $id, toEnvironment: "staging") { id serviceId trigger fromReleaseId } }', { id: web });
  expect(promoteService).toMatchObject({ trigger: 'PROMOTION', fromReleaseId: (await releases(web))[0].id });
  const there = await installation.until(promoteService.serviceId, ended, 60);
  const here = await installation.service(web);
  expect(there.latestDeployment).toMatchObject({ state: 'LIVE', release: 1, digest: here.currentDeployment!.digest });
  expect((await releases(promoteService.serviceId))[0].variables).toEqual([]);
  await installation.graphql('mutation ($id: ID!) { deleteService(id: $id) { id } }', { id: promoteService.serviceId });
}, 90_000);

const SLEEPS = { image: 'busybox', command: ['sleep', '600'] };

test('a pre-deploy step runs once before the rollout, with the new image and the new variables; its Job goes', async () => {
  const id = await installation.deploy({ name: 'migrated', ...SLEEPS, env: { TARGET: 'there' }, preDeploy: { command: ['sh', '-c'], args: ['test "$TARGET" = there'], timeoutSeconds: 30 } });
  await installation.until(id, (service) => ended(service) && service.status === 'RUNNING', 60);
  expect((await lastDeployment(id)).steps).toEqual([{ name: 'PREPARE', state: 'DONE' }, { name: 'PRE_DEPLOY', state: 'DONE' }, { name: 'ROLL_OUT', state: 'DONE' }]);
  await installation.eventually(() => installation.objects('Job'), (jobs) => jobs.length === 0);

  const before = (await installation.pods(id)).map(({ metadata }) => metadata.uid);
  await update(id, { env: { TARGET: 'elsewhere' }, preDeploy: { command: ['sh', '-c', 'echo the schema is locked; exit 4'], timeoutSeconds: 30 } });
  await installation.until(id, (service) => ended(service) && service.latestDeployment.state === 'FAILED', 60);
  expect((await lastDeployment(id)).reason).toEqual({ code: 'PRE_DEPLOY_FAILED', message: expect.stringContaining('exit code 4'), lastLines: ['the schema is locked'] });
  const after = await installation.until(id, ({ status }) => status === 'RUNNING');
  expect(after.currentDeployment!.release).toBe(1);
  expect((await installation.pods(id)).map(({ metadata }) => metadata.uid)).toEqual(before);
}, 150_000);

test('a step that goes on for too long is stopped', async () => {
  const id = await installation.deploy({ name: 'slow', ...SLEEPS, preDeploy: { command: ['sh', '-c', 'echo WARN migrating; sleep 300'], timeoutSeconds: 8 } });
  const { latestDeployment } = await installation.service(id);
  const LINES = 'query ($id: ID!) { preDeployLogs(deploymentId: $id, filter: { level: WARN }) { lines { message deploymentId } } }';
  const said = await installation.eventually(async () => (await installation.graphql<{ preDeployLogs: { lines: unknown[] } }>(LINES, { id: latestDeployment.id })).preDeployLogs.lines, (lines) => lines.length > 0);
  expect(said).toEqual([{ message: 'WARN migrating', deploymentId: latestDeployment.id }]);
  const service = await installation.until(id, ended, 60);
  expect(service.latestDeployment.reason).toMatchObject({ code: 'PRE_DEPLOY_FAILED', message: expect.stringContaining('within 8 s') });
  expect(await installation.pods(id)).toEqual([]);
}, 90_000);

test('a container that fails leaves its last words, which are nowhere readable in the database; the deadline is the service\'s own', async () => {
  const id = await installation.deploy({ name: 'words', image: 'busybox', command: ['sh', '-c', 'echo no route to the moon; sleep 600'], containerPort: 8080, deployTimeoutSeconds: 6 });
  const service = await installation.until(id, ended, 40);
  expect(service.latestDeployment.reason).toMatchObject({ code: 'READINESS_TIMEOUT', message: expect.stringContaining('after 6 s') });
  expect((await lastDeployment(id)).reason.lastLines).toEqual(['no route to the moon']);
  const rows = await installation.database.orm.em.fork().execute<{ sealed_last_lines: string }[]>('select sealed_last_lines from deployment where service_id = ?', [id]);
  expect(rows[0]!.sealed_last_lines).not.toContain('moon');
}, 90_000);
