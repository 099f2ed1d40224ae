import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterInstallation } from '../cluster-installation.js';
import { BackupLife } from './backup-life.js';
import { namespaceOf, shell } from './client-pod.js';
import { DatabaseLife } from './database-life.js';

interface SeenRecovery {
  keepDays: number;
  earliest: string | null;
  latest: string | null;
  storedBytes: number;
  trouble: string | null;
}

const FIELDS = 'keepDays earliest latest storedBytes trouble';
const READ = "select count(*) || ' ' || coalesce(md5(string_agg(n || ':' || word, ',' order by n)), '-') from t";

describe('the recovery of a postgres database to a point in time', () => {
  let apex: ClusterInstallation;
  let databases: DatabaseLife;
  let backups: BackupLife;
  let folder: string;
  let id: string;
  let namespace: string;
  /** The content at some times, and when that was. */
  const known: { at: string; content: string }[] = [];

  const inPod = async (databaseId: string, script: string): Promise<string> => {
    const { name } = await databases.available(databaseId);
    const { password } = await databases.connection(databaseId);
    return shell(apex, namespace, `${name}-0`, 'database', `read -r P; export PGPASSWORD="$P" PGHOST="$POD_IP" PGUSER=app PGDATABASE=app; ${script}`, `${password}\n`);
  };
  const sql = (databaseId: string, ...statements: string[]): Promise<string> => inPod(databaseId, `psql -XqtA -v ON_ERROR_STOP=1 ${statements.map((text) => `-c "${text}"`).join(' ')}`);
  const recovery = async (): Promise<SeenRecovery | null> =>
    (await apex.graphql<{ pointInTimeRecovery: SeenRecovery | null }>(`query ($id: ID!) { pointInTimeRecovery(databaseId: $id) { ${FIELDS} } }`, { id })).pointInTimeRecovery;
  /** The archive looks once a minute; here at once. */
  const look = (): Promise<void> => apex.database.orm.em.fork().transactional((tx) => apex.orchestrator.wake(tx, `recoveryLog/${id}`));
  const reaching = async (time: string): Promise<SeenRecovery> => {
    await look();
    return (await apex.eventually(recovery, (seen) => seen?.latest != null && seen.latest >= time && seen.earliest !== null, 90))!;
  };
  /** What is there now, and a time at which only that was. */
  const remember = async (): Promise<string> => {
    const content = await sql(id, READ);
    const at = new Date(Number(await sql(id, 'select ceil(extract(epoch from clock_timestamp()) * 1000)'))).toISOString();
    known.push({ at, content });
    return at;
  };
  const recover = async (toTime: string, name?: string) => {
    const text = 'mutation ($id: ID!, $toTime: DateTimeISO!, $name: String) { recoverDatabase(databaseId: $id, toTime: $toTime, name: $name) { id } }';
    const { recoverDatabase } = await apex.graphql<{ recoverDatabase: { id: string } }>(text, { id, toTime, ...(name && { name }) });
    return backups.ended(recoverDatabase.id);
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apex-recovery-'));
    apex = await ClusterInstallation.start({ APEX_BACKUP_DIR: folder });
    databases = new DatabaseLife(apex);
    backups = new BackupLife(apex);
    ({ id } = await databases.create({ name: 'ledger', type: 'postgres', storage: '600Mi' }));
    await databases.available(id);
    namespace = await namespaceOf(apex);
    await sql(id, 'create table t (n int primary key, word text)', 'insert into t select n, md5(n::text) from generate_series(1, 1000) n');
  }, 150_000);
  afterAll(async () => {
    await apex?.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  it('is set while the database serves, and refused for an engine without', async () => {
    const { setPointInTimeRecovery } = await apex.graphql<{ setPointInTimeRecovery: SeenRecovery }>(`mutation ($id: ID!) { setPointInTimeRecovery(databaseId: $id, keepDays: 3) { ${FIELDS} } }`, { id });
    expect(setPointInTimeRecovery).toMatchObject({ keepDays: 3, earliest: null, latest: null });
    const seen = await apex.eventually(recovery, (now) => now?.earliest != null, 90);
    expect(seen).toMatchObject({ trouble: null, storedBytes: expect.any(Number) });
    expect(seen!.latest! >= seen!.earliest!).toBe(true);
  }, 120_000);

  it('brings back what was committed by a time, into a new database, and nothing later', async () => {
    await sql(id, 'insert into t select n, md5(n::text) from generate_series(1001, 3000) n');
    await remember();
    await sql(id, "update t set word = 'changed' where n <= 500");
    await remember();
    const end = (await sql(id, 'drop table t', 'create table later (n int)'), new Date().toISOString());
    await reaching(end);
    expect(new Set(known.map(({ content }) => content)).size).toBe(2);
    for (const [index, { at, content }] of known.entries()) {
      const done = await recover(at, `ledger-${index}`);
      expect(done).toMatchObject({ state: 'DONE', message: null });
      expect(await sql(done.databaseId, READ)).toBe(content);
      expect(await inPod(done.databaseId, 'ls -A /var/lib/postgresql/data')).not.toContain('apex-recovery');
    }
    await expect(sql(id, READ)).rejects.toThrow(/does not exist/);
  }, 240_000);
});
