import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ClusterInstallation } from '../cluster-installation.js';
import { killEngine, namespaceOf, shell, startClient } from './client-pod.js';
import { DatabaseLife } from './database-life.js';

const ROWS = 100_000;
const KILLS = 10;
const FORCED = 20;
const POD = 'durable-0';

describe('a database that is treated badly', () => {
  let apex: ClusterInstallation;
  let databases: DatabaseLife;
  let id: string;
  let namespace: string;
  let client: string;
  let url: string;
  const sql = (text: string, seconds = 120): Promise<string> =>
    shell(apex, namespace, client, 'client', 'read -r U; psql "$U" -XtAq -v ON_ERROR_STOP=1 -f -', `${url}\n${text}\n`, seconds);
  const answers = () => apex.eventually(() => sql('select 1').catch((error: Error) => error.message), (seen) => seen === '1', 400);

  beforeAll(async () => {
    apex = await ClusterInstallation.start();
    databases = new DatabaseLife(apex);
    ({ id } = await databases.create({ name: 'durable', type: 'postgres', storage: '512Mi' }));
    await databases.available(id);
    namespace = await namespaceOf(apex);
    client = await startClient(apex, namespace, 'postgres:15');
    ({ url } = await databases.connection(id));
    await answers();
    await sql('create table acknowledged (n bigserial primary key, at timestamptz default clock_timestamp())');
  }, 150_000);
  afterAll(() => apex?.stop(), 60_000);

  it(`loses no acknowledged row of ${ROWS}, killed ${KILLS} times`, async () => {
    let acknowledged = 0;
    for (let kill = 1; kill <= KILLS; kill += 1) {
      // Each statement is one commit; what psql printed was acknowledged.
      const batch = ROWS / KILLS;
      const writing = sql(`insert into acknowledged (at) select now() from generate_series(1, ${batch}) returning 1 \\g /dev/null\n${'insert into acknowledged default values;\n'.repeat(200)}`)
        .then(() => (acknowledged += batch + 200), () => undefined);
      if (kill % 2 === 0) await writing;
      await killEngine(apex, POD, namespace);
      await writing;
      await answers();
      expect(Number(await sql('select count(*) from acknowledged'))).toBeGreaterThanOrEqual(acknowledged);
    }
    expect(acknowledged).toBeGreaterThanOrEqual(ROWS / 2);
    expect(await sql('select count(*) = count(distinct n) from acknowledged')).toBe('t');
    await databases.available(id, 400);
  }, 3_000_000);

  it(`never has two writers on its volume, though its pod is replaced by force ${FORCED} times`, async () => {
    const before = Number(await sql('select count(*) from acknowledged'));
    for (let time = 0; time < FORCED; time += 1) {
      const { metadata } = await apex.kube.get('Pod', POD, namespace);
      await apex.kube.call('DELETE', `/api/v1/namespaces/${namespace}/pods/${POD}`, 'Pod', { body: { gracePeriodSeconds: 0 } });
      await apex.eventually(() => apex.kube.get('Pod', POD, namespace).then((pod) => pod.metadata.uid, () => metadata.uid), (uid) => uid !== metadata.uid, 60);
      await answers();
      await sql('insert into acknowledged default values');
    }
    expect(Number(await sql('select count(*) from acknowledged'))).toBe(before + FORCED);
    await sql('create extension if not exists amcheck; select bt_index_check(indexrelid) from pg_index join pg_class on pg_class.oid = indexrelid where relam = 403;');
  }, 1_800_000);

  it('says when its volume is full, loses nothing, and comes back with more', async () => {
    const before = await sql('select count(*) from acknowledged');
    await expect(sql('create table filler as select repeat(md5(n::text), 200) as text from generate_series(1, 10000000) n', 300)).rejects.toThrow(/No space left|ended with|terminat|closed/i);
    await sql("create table ballast (text text); alter table ballast alter text set storage plain;").catch(() => '');
    for (let size = 64; size >= 1; size /= 2) {
      for (let time = 0; time < 20; time += 1) {
        const filled = await sql(`insert into ballast select repeat('x', 7000) from generate_series(1, ${size * 140})`).catch(() => null);
        if (filled === null) break;
      }
    }
    const full = await databases.until(id, ({ status }) => status === 'STORAGE_FULL', 200);
    expect(full.statusMessage).toContain('512Mi is full');
    await databases.change('resizeDatabase', id, ', input: { storage: "1Gi" }');
    await databases.available(id, 200);
    await answers();
    expect(await sql('select count(*) from acknowledged')).toBe(before);
    await sql('drop table ballast');
  }, 1_200_000);

  it('is out of reach for another environment', async () => {
    await apex.graphql('mutation { createEnvironment(input: { name: "elsewhere" }) { id } }');
    const service = await apex.deploy({ name: 'neighbour', image: 'postgres:15', command: ['sh', '-c', 'sleep 3600'], environment: 'elsewhere' });
    await apex.until(service, ({ status }) => status === 'RUNNING', 90);
    const [pod] = await apex.pods(service);
    const host = `durable.${namespace}.svc.cluster.local`;
    const from = (where: string, name: string, container: string) => shell(apex, where, name, container, `pg_isready -t 5 -h ${host} || true`);
    expect(await from(namespace, client, 'client')).toContain('accepting connections');
    expect(await from(pod!.metadata.namespace!, pod!.metadata.name, 'app')).toContain('no response');
  }, 200_000);
});
