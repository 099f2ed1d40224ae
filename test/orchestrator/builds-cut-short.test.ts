import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { cachePath } from '../../src/cli/surroundings.js';
import { prepareBuilder } from '../../src/node/builder.js';
import { until } from '../acceptance/rest-client.js';
import { Installation, type ServerProcess } from '../faults/server-process.js';
import { askRegistryOfNode } from '../support/node-registry.js';
import { startGitServer, type GitServer } from '../support/git-server.js';

/** Compiling BuildKit, on a machine that has never built. */
const COLD_MS = 900_000;
const ENDED = ['LIVE', 'FAILED'];

let git: GitServer;
let installation: Installation;
let server: ServerProcess;

beforeAll(async () => {
  await prepareBuilder({ cacheDir: cachePath(process) });
  git = await startGitServer();
  installation = await Installation.make();
  server = await installation.server(settings());
}, COLD_MS);
afterAll(async () => {
  await installation?.remove();
  await git?.stop();
}, 60_000);

const settings = (): Record<string, string> => ({ APEX_GIT_URL: git.url, APEX_ALLOWED_INTERNAL: git.host, APEX_BUILD_MEMORY: '200Mi' });

async function graph(query: string, variables: object): Promise<any> {
  const answer = await fetch(`${server.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${server.token}` }, body: JSON.stringify({ query, variables }) });
  const { data, errors } = (await answer.json()) as any;
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

async function build(name: string, dockerfile: string): Promise<string> {
  git.commit(`acme/${name}`, { Dockerfile: dockerfile });
  const input = { name, source: { repository: `acme/${name}`, autoDeploy: 'BUILD' } };
  return (await graph('mutation ($input: DeployServiceInput!) { deployService(input: $input) { latestDeployment { id } } }', { input })).deployService.latestDeployment.id;
}

const DEPLOYMENT = 'query ($id: ID!) { deployment(id: $id) { state reason { code message } steps { name state message } build { state failingStep } } }';
const ended = (id: string): Promise<any> => until('it ends', async () => (await graph(DEPLOYMENT, { id })).deployment, ({ state }) => ENDED.includes(state), 120);
const foldersOf = (pid: number): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('apex-build-') && name.split('-')[3] === String(pid));
const builders = async (): Promise<string[]> => (await installation.objects('Job')).map(({ metadata }) => metadata.name as string);

test('a server that dies over a build leaves it to the next one, and nothing of it behind', async () => {
  const id = await build('killed', 'FROM busybox\nRUN echo begun && sleep 3\nCMD ["sleep", "3600"]\n');
  await until('the build is at work', () => graph('query ($id: ID!) { buildLogs(deploymentId: $id) { lines { message } } }', { id }), ({ buildLogs }) => buildLogs.lines.some(({ message }: any) => message === 'begun'), 60);
  const [first] = await builders();
  expect(first).toBeDefined();
  const killed = server.pid;
  expect(foldersOf(killed)).toHaveLength(1);
  await server.signal('SIGKILL');
  await server.start();
  expect(await ended(id)).toMatchObject({ state: 'LIVE', reason: null, build: { state: 'SUCCEEDED' }, steps: ['PREPARE', 'BUILD', 'ROLL_OUT'].map((name) => expect.objectContaining({ name, state: 'DONE' })) });
  await until('no builder is left', builders, (names) => names.length === 0, 30);
  expect(foldersOf(killed)).toEqual([]);
}, 150_000);

test('an image that was stored, though its build could not be written down, does not stay in the registry', async () => {
  await installation.rows(`create function no_end() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$`);
  await installation.rows(`create trigger no_end before update on build for each row when (new.state = 'SUCCEEDED') execute function no_end()`);
  try {
    const id = await build('unwritten', 'FROM busybox\nCMD ["sleep", "3600"]\n');
    expect(await ended(id)).toMatchObject({ state: 'FAILED', reason: { code: 'BUILD_FAILED', message: expect.stringContaining('The build was begun several times and interrupted each time.') } });
    const [{ image }] = await installation.rows<{ image: string }>(`select spec->>'image' as image from deployment where id = ?`, [id]) as [{ image: string }];
    await until('it is taken out', () => askRegistryOfNode(`${image.slice('apex.local/'.length)}/manifests/latest`), ({ status }) => status === 404, 30);
    const { lines } = (await graph('query ($id: ID!) { buildLogs(deploymentId: $id) { lines { message } } }', { id })).buildLogs;
    expect(lines.map(({ message }: any) => message)).toContain('Storing the image.');
  } finally {
    await installation.rows('drop trigger no_end on build');
  }
}, 150_000);

test('a build that wants more memory than it may have says so', async () => {
  const id = await build('hungry', 'FROM busybox\nRUN head -c 400m /dev/zero | tail\n');
  expect(await ended(id)).toMatchObject({ state: 'FAILED', reason: { code: 'BUILD_FAILED', message: expect.stringContaining('used more memory than its limit of 200Mi') } });
});

test('a build that takes too long is stopped, and says so; one for which there is no room waits for its end', async () => {
  await server.end();
  server = await installation.server({ ...settings(), APEX_BUILD_TIMEOUT_SECONDS: '10', APEX_BUILDS_AT_ONCE: '1', APEX_TEAM_BUILDS_AT_ONCE: '2' });
  const id = await build('slow', 'FROM busybox\nRUN sleep 3600\n');
  await until('it is at work', async () => (await graph(DEPLOYMENT, { id })).deployment, ({ build: { state } }) => state === 'RUNNING', 30);
  const next = await build('next', 'FROM busybox\nCMD ["sleep", "3600"]\n');
  await until('the next one waits', async () => (await graph(DEPLOYMENT, { id: next })).deployment, ({ steps }) => steps.some(({ message }: any) => message === 'Waiting for other builds to end.'), 30);
  expect(await ended(id)).toMatchObject({ state: 'FAILED', reason: { code: 'BUILD_FAILED', message: 'The build did not end within 10 s and was stopped.' } });
  expect(await ended(next)).toMatchObject({ state: 'LIVE' });
  await until('no builder is left', builders, (names) => names.length === 0, 30);
});
