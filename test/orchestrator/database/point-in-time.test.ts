import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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
    const other = await databases.create({ name: 'cache', type: 'redis', storage: '300Mi' });
    await expect(apex.graphql('mutation ($id: ID!) { setPointInTimeRecovery(databaseId: $id) { keepDays } }', { id: other.id })).rejects.toThrow(/Only PostgreSQL.*setBackupSchedule/);
    await databases.change('deleteDatabase', other.id, ', force: "cache"');
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
    const { at, content } = known[0]!;
    const done = await recover(at, 'ledger-before');
    expect(done).toMatchObject({ state: 'DONE', message: null });
    expect(await sql(done.databaseId, READ)).toBe(content);
    expect(await inPod(done.databaseId, 'ls -A /var/lib/postgresql/data')).not.toContain('apex-recovery');
    await expect(sql(id, READ)).rejects.toThrow(/does not exist/);
  }, 240_000);

  it('brings it back into the database itself, whose log goes on', async () => {
    const { at, content } = known[1]!;
    expect(await recover(at)).toMatchObject({ state: 'DONE', message: null, databaseId: id });
    expect(await sql(id, READ)).toBe(content);
    expect(await sql(id, "select to_regclass('later')")).toBe('');
    await sql(id, "insert into t values (-1, 'after')");
    const later = await remember();
    await sql(id, 'delete from t');
    await reaching(new Date().toISOString());
    expect(await recover(later)).toMatchObject({ state: 'DONE', message: null });
    expect(await sql(id, READ)).toBe(known.at(-1)!.content);
  }, 120_000);

  it('refuses a time that it does not have, and says which it has', async () => {
    const { earliest } = (await recovery())!;
    await expect(recover('2020-01-01T00:00:00Z')).rejects.toThrow(`Any time from ${earliest} to `);
    await expect(recover(new Date(Date.now() + 3_600_000).toISOString(), 'tomorrow')).rejects.toThrow(/can be recovered, and not/);
  }, 30_000);

  it('refuses what is not as it was written, and the database stays as it is', async () => {
    const before = await sql(id, READ);
    const since = await sql(id, "select backend_start from pg_stat_activity where backend_type = 'checkpointer'");
    for (const kind of ['SEGMENT', 'BASE']) {
      const [part] = await apex.database.orm.em.fork().execute<{ id: string }[]>('select id from recovery_part where database_id = ? and kind = ? order by segment desc limit 1', [id, kind]);
      const path = join(folder, id, part!.id);
      const stored = await readFile(path);
      const altered = Buffer.from(stored);
      altered[altered.length >> 1]! ^= 1;
      await writeFile(path, altered);
      expect(await recover((await recovery())!.latest!)).toMatchObject({ state: 'FAILED', message: expect.stringMatching(/is not what was written, or is gone\. The database is as it was/) });
      await writeFile(path, stored);
      expect(await sql(id, READ)).toBe(before);
      expect(await inPod(id, 'ls -A /var/lib/postgresql/data; ls -A /tmp')).not.toContain('apex-recovery');
    }
    // The engine has not crashed meanwhile.
    expect(await sql(id, "select backend_start from pg_stat_activity where backend_type = 'checkpointer'")).toBe(since);
  }, 120_000);

  it('begins anew where the engine has let go of its log, and tells of the gap', async () => {
    await sql(id, "select pg_drop_replication_slot('apex_recovery')", 'create table gap (n int)');
    const lost = await remember();
    await sql(id, "insert into t values (-2, 'after the gap')");
    await look();
    const bases = (): Promise<{ chain: number }[]> => apex.database.orm.em.fork().execute("select chain from recovery_part where database_id = ? and kind = 'BASE' order by chain", [id]);
    await apex.eventually(bases, (rows) => rows.length === 2, 90);
    await remember();
    await reaching(known.at(-1)!.at);
    await expect(recover(lost)).rejects.toThrow(/the log of that time is missing\. Choose one up to 20.*, or a later one/);
    expect(await recover(known.at(-1)!.at)).toMatchObject({ state: 'DONE', message: null });
    expect(await sql(id, READ)).toBe(known.at(-1)!.content);
  }, 180_000);

  it('keeps what its days need, and no more', async () => {
    const files = async (): Promise<string[]> => (await readdir(join(folder, id))).sort();
    const rows = async (): Promise<string[]> => (await apex.database.orm.em.fork().execute<{ id: string }[]>('select id from recovery_part where database_id = ? order by id', [id])).map((row) => row.id);
    expect(await files()).toEqual(await rows());
    const [kept] = await apex.database.orm.em.fork().execute<{ id: string }[]>("update recovery_part set reached_at = reached_at - interval '4 days' where database_id = ? and kind = 'BASE' and chain = 2 returning id", [id]);
    await apex.database.orm.em.fork().transactional((tx) => apex.orchestrator.wake(tx, `recoveryBase/${id}`));
    const left = await apex.eventually(() => apex.database.orm.em.fork().execute<{ chain: number; id: string }[]>('select distinct chain from recovery_part where database_id = ?', [id]), (all) => all.length === 1, 30);
    expect(left[0]!.chain).toBe(2);
    expect(await rows()).toContain(kept!.id);
    expect(await files()).toEqual(await rows());
  }, 60_000);

  it('is ended: the engine lets go of its log, and what was kept of it goes', async () => {
    await apex.graphql('mutation ($id: ID!) { endPointInTimeRecovery(databaseId: $id) { keepDays } }', { id });
    await apex.eventually(recovery, (seen) => seen === null, 60);
    expect(await sql(id, 'select count(*) from pg_replication_slots')).toBe('0');
    expect(await readdir(folder)).not.toContain(id);
    await expect(recover(known[0]!.at)).rejects.toThrow(/keeps no log.*Restore a backup instead/);
  }, 90_000);
});
