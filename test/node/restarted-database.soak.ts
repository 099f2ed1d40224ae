import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bringUp, takeDown } from '../../src/node/embedded-node.js';
import { execInPod } from '../../src/orchestrator/kubernetes/pod-exec.js';
import { ClusterInstallation } from '../orchestrator/cluster-installation.js';
import { namespaceOf, shell, startClient } from '../orchestrator/database/client-pod.js';
import { DatabaseLife } from '../orchestrator/database/database-life.js';
import { CACHE } from './live-cluster.js';

const ROWS = 500;
const WRITER = 'read -r U; n=0; while n=$((n+1)) && psql "$U" -XtAqc "insert into acknowledged values ($n)"; do echo $n; done';

// Stops the node that all other test files share, so the soak runs it alone.
let apex: ClusterInstallation;
let home: string;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'apex-restarted-'));
  apex = await ClusterInstallation.start();
}, 60_000);
afterAll(async () => {
  await apex?.stop();
  rmSync(home, { recursive: true, force: true });
}, 120_000);

test('a database whose node is restarted while rows are written has every row that was acknowledged', async () => {
  const databases = new DatabaseLife(apex);
  const { id } = await databases.create({ name: 'durable', type: 'postgres' });
  await databases.available(id, 150);
  const namespace = await namespaceOf(apex);
  const client = await startClient(apex, namespace, 'postgres:15');
  const { url } = await databases.connection(id);
  const sql = (text: string): Promise<string> => shell(apex, namespace, client, 'client', 'read -r U; psql "$U" -XtAq -v ON_ERROR_STOP=1 -f -', `${url}\n${text}\n`);
  const answers = (): Promise<unknown> => apex.eventually(() => sql('select 1').catch((error: Error) => error.message), (seen) => seen === '1', 120);
  await answers();
  await sql('create table acknowledged (n int primary key)');

  let acknowledged = 0;
  let enough: () => void = () => undefined;
  const isEnough = new Promise<void>((resolve) => (enough = resolve));
  const heard = (chunk: Buffer): void => {
    // The last number may be cut in two.
    acknowledged = Math.max(acknowledged, ...chunk.toString().split('\n').slice(0, -1).map(Number).filter(Number.isInteger));
    if (acknowledged >= ROWS) enough();
  };
  const writing = execInPod(apex.kube, { namespace, pod: client, container: 'client', command: ['sh', '-c', WRITER], input: [Buffer.from(`${url}\n`)], signal: AbortSignal.timeout(120_000) }, heard).catch(() => undefined);
  await isEnough;
  await takeDown({ force: true });
  await writing;
  await bringUp({ home, cacheDir: CACHE, pid: process.pid });

  await answers();
  await databases.available(id, 150);
  const [count, gaps] = (await sql(`select count(*) from acknowledged; select count(*) from generate_series(1, ${acknowledged}) n where not exists (select 1 from acknowledged where acknowledged.n = n.n)`)).split('\n').map(Number);
  process.stdout.write(`acknowledged ${acknowledged}, there ${count}\n`);
  expect(gaps).toBe(0);
}, 600_000);
