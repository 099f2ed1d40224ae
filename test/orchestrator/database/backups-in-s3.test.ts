import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { S3_START_MS, startS3Server, type S3Server } from '../../support/s3-server.js';
import { watchLog } from '../../support/secret-watch.js';
import { ClusterInstallation } from '../cluster-installation.js';
import { BackupLife } from './backup-life.js';
import { namespaceOf, shell } from './client-pod.js';
import { DatabaseLife } from './database-life.js';

const FILL = 'create table t (n int primary key, word text); insert into t select n, md5(n::text) from generate_series(1, 100000) n';
const READ = "select count(*), md5(string_agg(n || ':' || word, ',' order by n)) from t";

describe('backups in S3-compatible storage', () => {
  let s3: S3Server;
  let apex: ClusterInstallation;
  let databases: DatabaseLife;
  let backups: BackupLife;
  let folder: string;
  let namespace: string;
  let id: string;
  let filled: string;
  let backupId: string;
  let broughtBack: string;
  let log = '';
  const sql = async (databaseId: string, text: string): Promise<string> => {
    const { name } = await databases.available(databaseId);
    const { password } = await databases.connection(databaseId);
    return shell(apex, namespace, `${name}-0`, 'database', `read -r P; PGPASSWORD="$P" psql -h "$POD_IP" -U app -d app -XtAq -v ON_ERROR_STOP=1 -f -`, `${password}\n${text};\n`);
  };
  const objectOf = (backup: string): string => join(s3.folder, apex.installationId, 'backups', id, backup);

  beforeAll(async () => {
    s3 = await startS3Server();
    folder = await mkdtemp(join(tmpdir(), 'apex-backups-'));
    const lines = new Writable({ write: (chunk, _encoding, done) => ((log += String(chunk)), done()) });
    apex = await ClusterInstallation.start({ APEX_BACKUP_DIR: folder, ...s3.settings }, lines);
    databases = new DatabaseLife(apex);
    backups = new BackupLife(apex);
    ({ id } = await databases.create({ name: 'my-postgres', type: 'postgres', storage: '300Mi' }));
    await databases.available(id);
    namespace = await namespaceOf(apex);
    await sql(id, FILL);
    filled = await sql(id, READ);
  }, S3_START_MS);
  afterAll(async () => {
    await apex?.stop();
    await s3?.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  it('are objects there, sealed, and come back into a new database', async () => {
    expect(filled).toMatch(/^100000\|/);
    const made = await backups.make(id);
    expect(made).toMatchObject({ state: 'DONE', message: null, place: 'S3' });
    backupId = made.id;
    const stored = await readFile(objectOf(backupId));
    expect(stored).toHaveLength(made.size!);
    expect(stored.includes('PostgreSQL')).toBe(false);
    expect(existsSync(join(folder, id))).toBe(false);

    const { bytes } = await backups.download(backupId);
    expect(bytes.includes('PostgreSQL database dump complete')).toBe(true);

    await sql(id, 'drop table t; create table later (n int)');
    const restored = await backups.restore(backupId, 'brought-back');
    expect(restored).toMatchObject({ state: 'DONE', message: null });
    broughtBack = restored.databaseId;
    expect(await sql(broughtBack, READ)).toBe(filled);
  }, 240_000);

  it('are refused when they are not what was written, and the database stays as it was', async () => {
    const stored = await readFile(objectOf(backupId));
    const altered = Buffer.from(stored);
    altered[altered.length >> 1]! ^= 1;
    await writeFile(objectOf(backupId), altered);
    expect(await backups.restore(backupId)).toMatchObject({ state: 'FAILED', message: expect.stringMatching(/checksum/) });
    await rm(objectOf(backupId));
    expect(await backups.restore(backupId)).toMatchObject({ state: 'FAILED', message: expect.stringMatching(/not in the store/) });
    expect(await sql(id, 'select count(*) from later')).toBe('0');
    await writeFile(objectOf(backupId), stored);
  }, 120_000);

  it('are found where they were put, whatever the settings are now', async () => {
    await apex.shutDown();
    await apex.boot({ APEX_S3_BUCKET: undefined });
    const inFolder = await backups.make(id);
    expect(inFolder).toMatchObject({ state: 'DONE', place: 'VOLUME' });
    expect(existsSync(join(folder, id, inFolder.id))).toBe(true);
    expect(await backups.restore(backupId)).toMatchObject({ state: 'FAILED', message: expect.stringMatching(/APEX_S3_BUCKET/) });
    await expect(backups.download(backupId)).rejects.toThrow(/APEX_S3_BUCKET/);

    await apex.shutDown();
    await apex.boot();
    expect(await backups.restore(backupId)).toMatchObject({ state: 'DONE' });
    expect(await sql(id, READ)).toBe(filled);
    expect(await backups.restore(inFolder.id)).toMatchObject({ state: 'DONE' });
    expect(await sql(id, 'select count(*) from later')).toBe('0');
  }, 240_000);

  it('go with their object, and with their database', async () => {
    const { id: spare } = await backups.make(id);
    expect(existsSync(objectOf(spare))).toBe(true);
    await backups.remove(spare);
    await apex.eventually(async () => existsSync(objectOf(spare)), (there) => !there, 30);
    expect(existsSync(objectOf(backupId))).toBe(true);

    await databases.change('deleteDatabase', id, ', force: "my-postgres"');
    await apex.eventually(async () => existsSync(objectOf(backupId)), (there) => !there, 60);
  }, 150_000);

  it('fail with a sentence where the storage is away; its secret is in no log and no row', async () => {
    await s3.stop();
    expect(await backups.make(broughtBack)).toMatchObject({ state: 'FAILED', place: null, message: expect.stringMatching(/could not be reached/) });

    expect(log).toContain('a backup or a restore failed');
    watchLog(log);
    const connection = apex.database.orm.em.getConnection();
    for (const { name } of await connection.execute<{ name: string }[]>("select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables where table_schema not in ('pg_catalog', 'information_schema')")) {
      watchLog(JSON.stringify(await connection.execute(`select * from ${name}`)));
    }
  }, 90_000);
});
