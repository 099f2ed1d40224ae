import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogSource } from '../../../src/orchestrator/port.js';
import { ClusterInstallation } from '../cluster-installation.js';

const HISTORY = `query ($id: ID!, $text: String, $first: Int, $after: String) {
  serviceLogHistory(serviceId: $id, filter: { text: $text }, oldestFirst: true, first: $first, after: $after) { nodes { message replica level deploymentId } pageInfo { hasNextPage endCursor } }
}`;
interface Page {
  serviceLogHistory: { nodes: { message: string; replica: string; level: string | null; deploymentId: string | null }[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } };
}

let folder: string;
let installation: ClusterInstallation;
let source: LogSource & { serviceId: string };

/** Says numbered lines, a hundred a second, until it has said `count`. */
const counting = (count: number): string => `trap "exit 0" TERM; i=0; while [ $i -lt ${count} ]; do i=$((i+1)); echo "number $i"; [ $((i % 10)) -ne 0 ] || sleep 0.1; done; echo "ERROR done"; sleep 3600 & wait`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'apex-kept-'));
  installation = await ClusterInstallation.start({ APEX_LOG_HISTORY_BYTES: String(1024 ** 2), APEX_LOG_HISTORY_DIR: folder });
});
afterAll(async () => {
  await installation?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function numbers(id: string): Promise<string[]> {
  const found: string[] = [];
  for (let after: string | null = null; ; ) {
    const { nodes, pageInfo }: Page['serviceLogHistory'] = (await installation.graphql<Page>(HISTORY, { id, text: 'number', first: 500, after })).serviceLogHistory;
    found.push(...nodes.map(({ message }) => message));
    if (!pageInfo.hasNextPage) return found;
    after = pageInfo.endCursor;
  }
}

test('lines outlive their container and the server, each once; a deleted service leaves none', async () => {
  const id = await installation.deploy({ name: 'counter', image: 'busybox', command: ['sh', '-c', counting(1_500)] });
  await installation.until(id, ({ status }) => status === 'RUNNING');
  const [pod] = await installation.pods(id);
  source = { serviceId: id, namespace: pod!.metadata.namespace! };
  await installation.eventually(() => numbers(id), (found) => found.length > 200, 40);
  // A server that stops in the middle, and the next one.
  await installation.shutDown();
  await installation.boot();
  const wanted = Array.from({ length: 1_500 }, (_none, n) => `number ${n + 1}`);
  expect(await installation.eventually(() => numbers(id), (found) => found.length >= 1_500, 60)).toEqual(wanted);

  await installation.graphql('mutation ($id: ID!) { pauseService(id: $id, pause: true) { id } }', { id });
  await installation.eventually(() => installation.pods(id), (pods) => pods.length === 0, 60);
  expect(await numbers(id)).toEqual(wanted);
  const [last] = (await installation.orchestrator.searchLogs(source, { filter: { level: 'ERROR' }, first: 1, oldestFirst: false }, AbortSignal.timeout(10_000))).lines;
  expect(last!.line).toMatchObject({ message: 'ERROR done', level: 'ERROR', replica: pod!.metadata.name, stream: null, deploymentId: expect.any(String) });

  const files = (): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.segment'));
  expect(files().length).toBeGreaterThan(0);
  await installation.graphql('mutation ($id: ID!) { deleteService(id: $id) { id } }', { id });
  await expect(numbers(id)).rejects.toThrow();
  await installation.eventually(async () => files(), (left) => left.length === 0, 60);
}, 240_000);

test('the lines of a step before a rollout outlive it, apart from those of the service, and go with the service', async () => {
  const id = await installation.deploy({ name: 'prepared', image: 'busybox', command: ['sleep', '600'], preDeploy: { command: ['sh', '-c', 'echo the schema is moved; sleep 4'], timeoutSeconds: 30 } });
  const { currentDeployment } = await installation.until(id, ({ status }) => status === 'RUNNING', 60);
  await installation.eventually(() => installation.objects('Job'), (jobs) => jobs.length === 0, 60);
  const kept = async (query: string, from: string): Promise<string[]> => {
    const answer = await installation.graphql<Record<'history', { nodes: { message: string }[] }>>(`query ($id: ID!) { history: ${query} { nodes { message } } }`, { id: from });
    return answer.history.nodes.map(({ message }) => message);
  };
  await installation.eventually(() => kept('preDeployLogHistory(deploymentId: $id)', currentDeployment!.id), (lines) => lines.length > 0, 30);
  expect(await kept('preDeployLogHistory(deploymentId: $id, filter: { text: "schema" })', currentDeployment!.id)).toEqual(['the schema is moved']);
  expect(await kept('serviceLogHistory(serviceId: $id)', id)).toEqual([]);
  await installation.graphql('mutation ($id: ID!) { deleteService(id: $id) { id } }', { id });
  const trails = (): Promise<unknown[]> => installation.database.orm.em.fork().execute("select source from log_trail where source like 'pre-deploy/%'");
  await installation.eventually(trails, (rows) => rows.length === 0, 60);
}, 240_000);
