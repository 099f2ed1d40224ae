import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterInstallation } from '../cluster-installation.js';
import { BackupLife } from './backup-life.js';
import { namespaceOf, shell } from './client-pod.js';
import { DatabaseLife } from './database-life.js';

const PSQL = 'PGPASSWORD="$P" psql -h "$POD_IP" -U app -d app -XtAq -v ON_ERROR_STOP=1';

describe('a database whose volume is full', () => {
  let apex: ClusterInstallation;
  let databases: DatabaseLife;
  let backups: BackupLife;
  let folder: string;
  let namespace: string;
  let id: string;
  const inPod = async (script: string): Promise<string> => shell(apex, namespace, 'full-0', 'database', `read -r P; ${script}`, `${(await databases.connection(id)).password}\n`, 120);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apex-full-'));
    apex = await ClusterInstallation.start({ APEX_BACKUP_DIR: folder });
    databases = new DatabaseLife(apex);
    backups = new BackupLife(apex);
    ({ id } = await databases.create({ name: 'full', type: 'postgres', storage: '256Mi' }));
    await databases.available(id);
    namespace = await namespaceOf(apex);
    await inPod(`${PSQL} -c "create table kept (n bigint primary key)" -c "insert into kept select generate_series(1, 5000)"`);
  }, 150_000);
  afterAll(async () => {
    await apex?.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  it('says so, is told at once by a backup and a restore, and loses nothing', async () => {
    const filled = await inPod(`${PSQL} -c "create table filler as select repeat(md5(n::text), 200) as text from generate_series(1, 1000000) n" 2>&1; i=0; while [ $i -lt 300 ]; do i=$((i + 1)); echo "insert into kept values ($((5000 + i))) returning n;"; done | ${PSQL} 2> /dev/null | wc -l`);
    expect(filled).toMatch(/No space left on device|server closed the connection/);
    await inPod('cat /dev/zero > /var/lib/postgresql/data/ballast 2> /dev/null; true');
    // Any change of a pod makes Apex look at its database.
    const looked = async () => {
      await apex.kube.apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'full-0', namespace, labels: { looked: `${Date.now()}` } } } as never);
      return databases.read(id);
    };
    const full = await apex.eventually(looked, ({ status }) => status === 'STORAGE_FULL', 60);
    expect(full.statusMessage).toBe('Its storage of 256Mi is full: it may refuse to write. Resize it to a larger storage, or delete data.');

    const made = await backups.make(id);
    expect(['DONE', 'FAILED']).toContain(made.state);
    if (made.state === 'DONE') expect(await backups.restore(made.id)).toMatchObject({ state: 'FAILED', message: expect.stringMatching(/no room for it.*256Mi is full/) });
    else expect(made.message).toContain('Its storage of 256Mi is full');
  }, 240_000);

  it('comes back with more storage, as it was', async () => {
    await databases.change('resizeDatabase', id, ', input: { storage: "400Mi" }');
    await databases.available(id, 150);
    await inPod('rm -f /var/lib/postgresql/data/ballast');
    expect(Number(await inPod(`${PSQL} -c "select count(*) from kept where n <= 5000"`))).toBe(5000);
    await inPod(`${PSQL} -c "create extension amcheck; select bt_index_check(indexrelid, true) from pg_index join pg_class on pg_class.oid = indexrelid where relam = 403 and relpersistence = 'p'" -c "insert into kept values (9000)"`);
    expect(await backups.make(id)).toMatchObject({ state: 'DONE' });
  }, 240_000);
});
