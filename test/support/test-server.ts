import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { KubeConfig, CoreV1Api } from '@kubernetes/client-node';
import { loadConfig } from '../../src/config.js';
import { createLogger } from '../../src/logger.js';
import { startServer } from '../../src/server.js';
import { watchLog } from './secret-watch.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

const NODE_DIR = '/var/lib/apex-node';

export interface TestServerOptions {
  /** On the cluster that the tests were given; else without any. */
  cluster?: boolean;
  /** Further settings, e.g. APEX_RATE_LIMIT (off by default). */
  env?: Record<string, string>;
  /** Default: debug. */
  logLevel?: string;
  /** The database of another test server, to be a second server of its installation. */
  beside?: TestServer;
}

export interface TestServer {
  /** Unlike that of any other run: for names outside of the database. */
  id: string;
  url: string;
  /** Of the operator, for everything. */
  token: string;
  database: TestDatabase;
  /** What seals its secrets, base64. */
  secretKey: string;
  /** What the server has logged. */
  log(): string;
  stop(): Promise<void>;
}

/** The whole server in this process: its own port and database, and its own domain in the cluster, which it leaves empty. */
export async function startTestServer({ cluster = false, env = {}, logLevel = 'debug', beside }: TestServerOptions = {}): Promise<TestServer> {
  const id = randomBytes(5).toString('hex');
  const home = mkdtempSync(join(tmpdir(), 'apex-server-'));
  const database = beside?.database ?? (await createTestDatabase());
  const lines: string[] = [];
  const logger = createLogger(logLevel, new Writable({ write: (chunk, _encoding, done) => (lines.push(String(chunk)), done()) }));
  const config = loadConfig({
    APEX_PORT: '0', APEX_HOME: home, APEX_DOMAIN: `${id}.apex.localhost`, DATABASE_URL: database.url, APEX_RATE_LIMIT: '0', NODE_ENV: 'test',
    APEX_SECRET_KEY: beside?.secretKey ?? randomBytes(32).toString('base64'),
    ...(cluster ? clusterOfTests() : { APEX_NO_CLUSTER: '1' }),
    ...env,
  });
  const running = await startServer(config, logger);
  try {
    await running.ready;
  } catch (error) {
    await running.stop();
    rmSync(home, { recursive: true, force: true });
    if (!beside) await database.drop();
    throw error;
  }
  const { token } = JSON.parse(readFileSync(join(home, 'credentials.json'), 'utf8')) as { token: string };
  if (cluster) await ready(running.url);
  return {
    id, url: running.url, token, database, secretKey: config.secretKey.toString('base64'),
    log: () => lines.join(''),
    stop: async () => {
      await running.stop();
      if (cluster) await deleteNamespaces(database, config.KUBECONFIG ?? join(config.APEX_NODE_DIR ?? NODE_DIR, 'kubeconfig'));
      if (!beside) await database.drop();
      rmSync(home, { recursive: true, force: true });
      watchLog(lines.join(''));
    },
  };
}

/** Where "./apex test" says the cluster is. */
function clusterOfTests(): Record<string, string> {
  const { KUBECONFIG, APEX_NODE_DIR, APEX_INGRESS_URL } = process.env;
  if (KUBECONFIG && !APEX_NODE_DIR) return { KUBECONFIG, ...(APEX_INGRESS_URL && { APEX_INGRESS_URL }) };
  return { APEX_NODE_DIR: APEX_NODE_DIR ?? NODE_DIR };
}

/** A deploy would be accepted. */
async function ready(url: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const answer = await fetch(`${url}/readyz?cluster=1`);
    if (answer.ok) return;
    if (Date.now() > deadline) throw new Error(`The cluster of the tests is not ready: ${await answer.text()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Whatever the test left running goes with its namespaces. */
async function deleteNamespaces(database: TestDatabase, kubeconfig: string): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const [installation] = await database.orm.em.getConnection().execute<{ id: string }[]>('select id from installation');
  const { items } = await core.listNamespace({ labelSelector: `apexpaas.com/installation=${installation?.id}` });
  await Promise.all(items.map(({ metadata }) => core.deleteNamespace({ name: metadata?.name ?? '' })));
}
