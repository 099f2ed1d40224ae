import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { KubeObject } from '../../../src/orchestrator/kubernetes/kinds.js';
import { ClusterInstallation } from '../cluster-installation.js';
import { BackupLife } from './backup-life.js';
import { killEngine, namespaceOf, shell, startClient } from './client-pod.js';
import { DatabaseLife, type SeenUsage } from './database-life.js';

describe('a PostgreSQL database', () => {
  let apex: ClusterInstallation;
  let databases: DatabaseLife;
  let id: string;
  let namespace: string;
  let client: string;
  let backups: string;
  // Refused for a moment: that a pod stands behind a name, the cluster's network learns a little later.
  const sql = async (text: string, url?: string): Promise<string> => {
    const input = `${url ?? (await databases.connection(id)).url}\n`;
    await apex.eventually(() => shell(apex, namespace, client, 'client', 'read -r U; pg_isready -qd "$U" && echo open || echo closed', input), (answer) => answer === 'open');
    return shell(apex, namespace, client, 'client', 'read -r U; psql "$U" -XtA -v ON_ERROR_STOP=1 -f -', `${input}${text}\n`);
  };

  beforeAll(async () => {
    backups = join(await mkdtemp(join(tmpdir(), 'apex-final-')), 'backups');
    apex = await ClusterInstallation.start({ APEX_BACKUP_DIR: backups });
    databases = new DatabaseLife(apex);
    ({ id } = await databases.create({ name: 'my-postgres', type: 'postgres', size: 'small', storage: '300Mi' }));
    await databases.available(id);
    namespace = await namespaceOf(apex);
    client = await startClient(apex, namespace, 'postgres:15');
  }, 150_000);
  afterAll(async () => {
    await apex?.stop();
    await rm(dirname(backups), { recursive: true, force: true });
  }, 60_000);

  it('is reached by its name with its credentials, and refuses others', async () => {
    expect(await sql('create table t (n int); insert into t select generate_series(1, 100); select count(*) from t;')).toContain('100');
    const { url, password, host } = await databases.connection(id);
    expect(host).toBe('my-postgres');
    await expect(sql('select 1', url.replace(password, 'wrong'))).rejects.toThrow(/password authentication failed/);
  }, 30_000);

  it('tells how busy and how full it is', async () => {
    expect(await databases.usage(id)).toMatchObject({ connections: expect.any(Number), maxConnections: 100, memoryUsed: null });
    const held = Promise.allSettled([1, 2, 3].map(() => sql('select pg_sleep(60)')));
    // Any change of a pod makes Apex look at its database.
    const looked = async (): Promise<SeenUsage> => {
      await apex.kube.apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'my-postgres-0', namespace, labels: { looked: `${Date.now()}` } } } as KubeObject);
      return databases.usage(id);
    };
    const { storageUsed, storageTotal } = await apex.eventually(looked, ({ connections }) => connections === 3, 30);
    await sql("select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep%' and pid <> pg_backend_pid()");
    await held;
    expect(storageTotal).toBeGreaterThan(250 * 2 ** 20);
    expect(storageUsed).toBeGreaterThan(0);
    expect(storageUsed).toBeLessThan(storageTotal);
  }, 60_000);

  it('is out of reach for another environment, and for another team', async () => {
    const { status } = await apex.kube.get<KubeObject & { status: { podIP: string } }>('Pod', 'my-postgres-0', namespace);
    const hosts = [`my-postgres.${namespace}.svc.cluster.local`, status.podIP];
    const { createTeam } = await apex.graphql<{ createTeam: { id: string } }>('mutation { createEnvironment(input: { name: "elsewhere" }) { id } createTeam(input: { name: "others" }) { id } }');
    const neighbour = { image: 'postgres:15', command: ['sh', '-c', 'sleep 3600'] };
    const neighbours = await Promise.all([apex.deploy({ ...neighbour, name: 'neighbour', environment: 'elsewhere' }), apex.deploy({ ...neighbour, name: 'stranger', teamId: createTeam.id })]);
    const from = (where: string, pod: string, container: string): Promise<string> => shell(apex, where, pod, container, hosts.map((host) => `pg_isready -t 5 -h ${host}`).join('; ').concat('; true'));
    for (const service of neighbours) {
      await apex.until(service, ({ status }) => status === 'RUNNING', 90);
      const [pod] = await apex.pods(service);
      expect(await from(pod!.metadata.namespace!, pod!.metadata.name, 'app')).toMatch(/^\S+ - no response\n\S+ - no response$/);
    }
    // By the very same addresses, from where it may be reached.
    expect(await from(namespace, client, 'client')).toMatch(/^\S+ - accepting connections\n\S+ - accepting connections$/);
  }, 200_000);

  it('keeps its password out of everything that is not a Secret', async () => {
    const { password } = await databases.connection(id);
    for (const kind of ['StatefulSet', 'Pod', 'Service', 'PersistentVolumeClaim', 'NetworkPolicy'] as const) {
      const found = JSON.stringify(await apex.objects(kind));
      expect(found).toContain(id);
      expect(found).not.toContain(password);
      expect(found).not.toContain(Buffer.from(password).toString('base64'));
    }
    const rows = JSON.stringify(await apex.database.orm.em.getConnection().execute('select * from managed_database'));
    expect(rows).not.toContain(password);
  });

  it('shows its log, by the rules of those of services', async () => {
    const logs = (filter: object) => apex.graphql<{ databaseLogs: { lines: { message: string; level: string | null; replica: string }[] } }>('query ($id: ID!, $filter: LogFilterInput) { databaseLogs(databaseId: $id, filter: $filter) { lines { message level replica } } }', { id, filter });
    const { databaseLogs } = await logs({ text: 'ready to accept connections', level: 'INFO' });
    expect(databaseLogs.lines.at(-1)).toEqual({ message: expect.stringContaining('LOG:'), level: 'INFO', replica: 'my-postgres-0' });
  });

  it('is as it was after its engine was killed', async () => {
    await sql('create table kept (n int); insert into kept select generate_series(1, 1000);');
    await killEngine(apex, 'my-postgres-0', namespace);
    await apex.eventually(() => sql('select count(*) from kept').catch((error: Error) => error.message), (seen) => seen === '1000', 60);
    await databases.available(id);
  }, 120_000);

  it('gives a linked service its address, which follows the credentials', async () => {
    const service = await apex.deploy({ name: 'reader', image: 'postgres:15', command: ['sh', '-c', `until psql "$DATABASE_URL" -c "insert into seen values ('$HOSTNAME')"; do sleep 1; done; sleep 3600`] });
    await sql('create table seen (pod text);');
    await databases.link(service, id);
    await apex.until(service, ({ status, currentDeployment, latestDeployment }) => status === 'RUNNING' && currentDeployment?.id === latestDeployment?.id && currentDeployment?.release === 2, 60);
    await apex.eventually(() => sql('select count(*) from seen'), (count) => Number(count) >= 1, 20);

    await expect(databases.change('deleteDatabase', id)).rejects.toThrow(/linked to the service \\"reader\\" \(DATABASE_URL\)/);

    const before = await databases.connection(id);
    await databases.change('rotateDatabaseCredentials', id);
    await databases.available(id);
    const after = await databases.connection(id);
    expect(after.password).not.toBe(before.password);
    await expect(sql('select 1', before.url)).rejects.toThrow(/password authentication failed/);
    await apex.until(service, ({ status, currentDeployment }) => status === 'RUNNING' && currentDeployment?.release === 3, 60);
    await apex.eventually(() => sql('select count(distinct pod) from seen'), (count) => Number(count) >= 2, 20);

    await apex.graphql('mutation ($id: ID!) { updateService(id: $id, input: { env: { DATABASE_URL: null } }) { id } }', { id: service });
  }, 180_000);

  it('stops and comes back, and its storage grows', async () => {
    await databases.change('pauseDatabase', id, ', pause: true');
    await databases.until(id, ({ status }) => status === 'PAUSED');
    await databases.change('pauseDatabase', id, ', pause: false');
    await databases.available(id);
    await expect(databases.change('resizeDatabase', id, ', input: { storage: "256Mi" }')).rejects.toThrow(/only grows/);
    await databases.change('resizeDatabase', id, ', input: { storage: "400Mi", memory: "384Mi" }');
    expect(await databases.available(id)).toMatchObject({ storage: '400Mi' });
    expect(Number(await shell(apex, namespace, 'my-postgres-0', 'database', 'df -Pm /var/lib/postgresql/data | tail -n 1 | tr -s " " | cut -d " " -f 2'))).toBeGreaterThan(340);
    expect(await sql('select count(*) from kept')).toBe('1000');
  }, 180_000);

  it('is kept when it is deleted, until that is forced', async () => {
    // In the way of every backup.
    await writeFile(backups, '');
    expect(await databases.change('deleteDatabase', id)).toMatchObject({ status: 'AVAILABLE', finalBackupId: expect.any(String) });
    const kept = await apex.eventually(() => databases.read(id), ({ finalBackupId }) => finalBackupId === null, 60);
    expect(kept).toMatchObject({ status: 'AVAILABLE', lastBackup: { state: 'FAILED', trigger: 'FINAL', message: expect.stringMatching(/cannot be written.* was not deleted\..*finalBackup: false/) } });
    expect(await apex.database.orm.em.getConnection().execute('select 1 from backup where notice_due_at is not null')).toHaveLength(1);
    await rm(backups);

    await databases.change('deleteDatabase', id);
    expect(await databases.until(id, ({ status }) => status === 'DELETED')).toMatchObject({ purgeAt: expect.any(String), finalBackupId: null, lastBackup: { state: 'DONE', trigger: 'FINAL', message: null } });
    await apex.eventually(() => apex.objects('StatefulSet'), (left) => left.length === 0, 60);
    expect(await apex.objects('PersistentVolumeClaim')).toHaveLength(1);
    const made = new BackupLife(apex);
    const [final] = await made.list(id);
    expect((await made.download(final!.id)).bytes.toString()).toContain('COPY public.kept');
    await expect(databases.create({ name: 'my-postgres', type: 'redis' })).rejects.toThrow(/already taken/);
    await databases.change('undeleteDatabase', id);
    await databases.available(id);
    expect(await sql('select count(*) from kept')).toBe('1000');

    await expect(databases.change('deleteDatabase', id, ', force: "other"')).rejects.toThrow(/must be its name/);
    await databases.change('deleteDatabase', id, ', force: "my-postgres"');
    await apex.eventually(() => apex.database.orm.em.getConnection().execute('select 1 from managed_database'), (rows) => rows.length === 0, 60);
    expect(await apex.objects('PersistentVolumeClaim')).toEqual([]);
  }, 180_000);
});
