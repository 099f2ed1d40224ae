import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '../../../src/entities/columns.js';
import { ClusterInstallation } from '../cluster-installation.js';
import { BackupLife } from './backup-life.js';
import { namespaceOf, shell } from './client-pod.js';
import { DatabaseLife } from './database-life.js';

/** How each engine's own client, beside the engine, fills, ruins and reads it, the password in `$P`. `read` tells every value of it. */
const SQL_ROWS = "select count(*), md5(group_concat(concat(n, ':', word) order by n)), (select count(*) from information_schema.routines where routine_schema = 'app') from t";
/** What a user of the schema may make beside tables, and a dump has to take along. */
const SQL_MORE = 'create trigger kept before insert on t for each row set new.word = lower(new.word); create procedure p() select 1';
const REDIS = 'REDISCLI_AUTH="$P" redis-cli --no-auth-warning';
const ENGINES = {
  postgres: {
    fill: `PGPASSWORD="$P" psql -h "$POD_IP" -U app -d app -Xq -v ON_ERROR_STOP=1 -c "create table t (n int primary key, word text)" -c "insert into t select n, md5(n::text) from generate_series(1, 20000) n"`,
    ruin: 'PGPASSWORD="$P" psql -h "$POD_IP" -U app -d app -Xqc "drop table t; create table later (n int)"',
    read: `PGPASSWORD="$P" psql -h "$POD_IP" -U app -d app -XtAc "select count(*), md5(string_agg(n || ':' || word, ',' order by n)) from t"`,
    later: `PGPASSWORD="$P" psql -h "$POD_IP" -U app -d app -XtAc "select to_regclass('later')"`,
    file: /^my-postgres-\d{8}T\d{4}Z\.sql$/,
    load: `export PGPASSWORD="$P" PGHOST="$POD_IP" PGUSER=app; psql -d app -Xqc 'create database loaded' && head -c $N | psql -d loaded -Xq -v ON_ERROR_STOP=1 -o /dev/null; [ -z "$(psql -d loaded -XtAc "select 1 from pg_namespace where nspname = 'apex_whole'")" ]`,
    loaded: ['-d app', '-d loaded'],
    cut: `export PGPASSWORD="$P" PGHOST="$POD_IP" PGUSER=app; ask() { psql -d postgres -Xqc "$1"; }; ask "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'app'" > /dev/null; ask "alter database app rename to \\"apex_old_$R\\"" && ask 'create database app'`,
  },
  mariadb: {
    fill: `MYSQL_PWD="$P" mariadb --protocol=tcp -h 127.0.0.1 -u app app -e "create table t (n int primary key, word varchar(32)); insert into t select seq, md5(seq) from seq_1_to_20000; ${SQL_MORE}"`,
    ruin: 'MYSQL_PWD="$P" mariadb --protocol=tcp -h 127.0.0.1 -u app app -e "drop table t; create table later (n int)"',
    read: `MYSQL_PWD="$P" mariadb --protocol=tcp -h 127.0.0.1 -u app app -N -e "set session group_concat_max_len = 10000000; ${SQL_ROWS}"`,
    later: `MYSQL_PWD="$P" mariadb --protocol=tcp -h 127.0.0.1 -u app app -N -e "show tables like 'later'"`,
    file: /^my-mariadb-\d{8}T\d{4}Z\.sql$/,
    load: 'export MYSQL_PWD="$P"; mariadb --protocol=tcp -h 127.0.0.1 -u app app -e "drop table t"; head -c $N | mariadb --protocol=tcp -h 127.0.0.1 -u app; true',
    loaded: ['', ''],
    cut: `export MYSQL_PWD="$P"; C="--protocol=tcp -h 127.0.0.1 -u app"; mariadb-dump --routines $C --add-drop-database --databases app > /var/lib/mysql/.apex-old-$R; mariadb $C app -e 'drop table t; create table later (n int)'`,
  },
  mysql: {
    fill: `MYSQL_PWD="$P" mysql --protocol=tcp -h 127.0.0.1 -u app app -e "create table t (n int primary key, word varchar(64)); set session cte_max_recursion_depth = 20000; insert into t with recursive s as (select 1 as n union all select n + 1 from s where n < 20000) select n, sha2(n, 256) from s; ${SQL_MORE}"`,
    ruin: 'MYSQL_PWD="$P" mysql --protocol=tcp -h 127.0.0.1 -u app app -e "drop table t; create table later (n int)"',
    read: `MYSQL_PWD="$P" mysql --protocol=tcp -h 127.0.0.1 -u app app -N -e "set session group_concat_max_len = 10000000; ${SQL_ROWS.replace('md5(', 'sha2(').replace('order by n))', 'order by n), 256)')}"`,
    later: `MYSQL_PWD="$P" mysql --protocol=tcp -h 127.0.0.1 -u app app -N -e "show tables like 'later'"`,
    file: /^my-mysql-\d{8}T\d{4}Z\.sql$/,
    load: 'export MYSQL_PWD="$P"; mysql --protocol=tcp -h 127.0.0.1 -u app app -e "drop table t"; head -c $N | mysql --protocol=tcp -h 127.0.0.1 -u app; true',
    loaded: ['', ''],
    cut: `export MYSQL_PWD="$P"; C="--protocol=tcp -h 127.0.0.1 -u app"; mysqldump --routines --set-gtid-purged=OFF --no-tablespaces $C --add-drop-database --databases app > /var/lib/mysql/.apex-old-$R; mysql $C app -e 'drop table t; create table later (n int)'`,
  },
  redis: {
    fill: `i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); echo "SET k$i value-$i"; done | ${REDIS} > /dev/null; ${REDIS} -n 3 set other 7 > /dev/null`,
    ruin: `${REDIS} flushall > /dev/null; ${REDIS} set later 1 > /dev/null`,
    read: `${REDIS} dbsize; ${REDIS} -n 3 get other; { i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); echo "GET k$i"; done; } | ${REDIS} | md5sum`,
    later: `${REDIS} get later`,
    file: /^my-redis-\d{8}T\d{4}Z\.rdb$/,
    load: `head -c $N > /tmp/loaded.rdb; redis-server --port 6391 --dir /tmp --dbfilename loaded.rdb --save '' --requirepass "$P" --daemonize yes > /dev/null; until ${REDIS} -p 6391 ping | grep -q PONG; do sleep 0.1; done`,
    loaded: ['redis-cli', 'redis-cli -p 6391'],
    cut: `mkdir /data/.apex-side; ${REDIS} replicaof 127.0.0.1 6380 > /dev/null`,
  },
} as const;

/** Backups of each of these engines, made, brought back, downloaded, broken and cut off; of a version, where not the default. */
export function engineBackups(types: readonly (keyof typeof ENGINES)[], version?: string): void {
  describe.each(types.map((type) => ({ type, ...ENGINES[type] })))('backups of a $type database', ({ type, fill, ruin, read, later, file, load, loaded, cut }) => {
    let apex: ClusterInstallation;
    let databases: DatabaseLife;
    let backups: BackupLife;
    let folder: string;
    let id: string;
    let namespace: string;
    let filled: string;
    let backupId: string;
    const inPod = async (databaseId: string, script: string, input: Buffer = Buffer.alloc(0)): Promise<string> => {
      const { name } = await databases.available(databaseId);
      const { password } = await databases.connection(databaseId);
      return shell(apex, namespace, `${name}-0`, 'database', `read -r P; ${script}`, Buffer.concat([Buffer.from(`${password}\n`), input]));
    };

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'apex-backups-'));
      apex = await ClusterInstallation.start({ APEX_BACKUP_DIR: folder });
      databases = new DatabaseLife(apex);
      backups = new BackupLife(apex);
      ({ id } = await databases.create({ name: `my-${type}`, type, storage: type === 'mysql' ? '512Mi' : '300Mi', ...(version && { version }) }));
      await databases.available(id);
      namespace = await namespaceOf(apex);
      await inPod(id, fill);
      filled = await inPod(id, read);
    }, 150_000);
    afterAll(async () => {
      await apex?.stop();
      await rm(folder, { recursive: true, force: true });
    }, 60_000);

    it('are sealed and have the checksum that they tell', async () => {
      expect(filled).toContain('20000');
      const made = await backups.make(id);
      expect(made).toMatchObject({ state: 'DONE', message: null, size: expect.any(Number), sha256: expect.stringMatching(/^[0-9a-f]{64}$/), endedAt: expect.any(String) });
      backupId = made.id;
      const stored = await readFile(join(folder, id, backupId));
      expect(stored).toHaveLength(made.size!);
      expect(stored.includes('later') || stored.includes('value-1')).toBe(false);
    }, 90_000);

    it('come back into a new database, and into the same one', async () => {
      await inPod(id, ruin);
      expect(await inPod(id, read).catch((error: Error) => error.message)).not.toBe(filled);

      const beside = await backups.restore(backupId, `new-${type}`);
      expect(beside).toMatchObject({ state: 'DONE', message: null });
      expect(beside.databaseId).not.toBe(id);
      expect(await inPod(beside.databaseId, read)).toBe(filled);
      expect(await inPod(id, later)).not.toBe('');

      expect(await backups.restore(backupId)).toMatchObject({ state: 'DONE', message: null, databaseId: id });
      expect(await inPod(id, read)).toBe(filled);
      expect(await inPod(id, later)).toBe('');
    }, 240_000);

    it('leave the old content where a restore was cut off twice', async () => {
      const restore = newId();
      await inPod(id, `R=${restore}; ${cut}`);
      expect(await inPod(id, read).catch((error: Error) => error.message)).not.toBe(type === 'redis' ? '' : filled);
      await apex.database.orm.em.fork().transactional(async (tx) => {
        await tx.execute(`insert into restore (id, team_id, backup_id, database_id, attempts, created_at) select ?, team_id, id, database_id, 2, now() from backup where id = ?`, [restore, backupId], 'run');
        await apex.orchestrator.wake(tx, `restore/${restore}`);
      });
      expect(await backups.ended(restore)).toMatchObject({ state: 'FAILED', message: expect.stringMatching(/cut off each time.*has its old content/) });
      expect(await inPod(id, read)).toBe(filled);
      expect(await inPod(id, later)).toBe('');
    }, 90_000);

    it("are downloaded as the engine's own programs read them", async () => {
      const { fileName, bytes } = await backups.download(backupId);
      expect(fileName).toMatch(file);
      await inPod(id, `N=${bytes.length}; ${load}`, bytes);
      expect(await inPod(id, read.replaceAll(...(loaded as [string, string])))).toBe(filled);
    }, 60_000);

    it('are refused when they are not what was written, and the database stays as it was', async () => {
      const path = join(folder, id, backupId);
      const stored = await readFile(path);
      const altered = Buffer.from(stored);
      altered[altered.length >> 1]! ^= 1;
      for (const broken of [altered, stored.subarray(0, -1)]) {
        await writeFile(path, broken);
        expect(await backups.restore(backupId)).toMatchObject({ state: 'FAILED', message: expect.stringMatching(/checksum/) });
        await expect(backups.download(backupId)).rejects.toThrow(/What came of it is not whole/);
      }
      await rm(path);
      expect(await backups.restore(backupId)).toMatchObject({ state: 'FAILED', message: expect.stringMatching(/not in the store/) });
      await expect(backups.download(backupId)).rejects.toThrow(/not in the store/);
      expect(await inPod(id, read)).toBe(filled);
    }, 120_000);

    if (type === 'postgres') {
      it('are refused where both contents have too little room', async () => {
        // 90 MiB are left, some of which the log of the engine takes. The rows are kept small by the engine, and written out in full by its dump.
        const ballast = '/var/lib/postgresql/data/ballast';
        await inPod(id, `head -c $(($(df -Pk /var/lib/postgresql/data | tail -n 1 | tr -s ' ' | cut -d ' ' -f 4) * 1024 - 90 * 1048576)) /dev/zero > ${ballast}`);
        await inPod(id, `PGPASSWORD="$P" psql -h "$POD_IP" -U app -d app -Xqc "create table large as select repeat('x', 1000000) as word from generate_series(1, 70)"`);
        const { id: large } = await backups.make(id);
        expect(await backups.restore(large)).toMatchObject({ state: 'FAILED', message: expect.stringMatching(/the database is as it was: ERROR: its storage has too little room/) });
        expect(await inPod(id, read)).toBe(filled);
        await inPod(id, `rm ${ballast}; PGPASSWORD="$P" psql -h "$POD_IP" -U app -d app -Xqc "drop table large"`);
        await backups.remove(large);
      }, 180_000);
    }

    it('go with their object', async () => {
      const { id: spare } = await backups.make(id);
      expect(await readdir(join(folder, id))).toContain(spare);
      await backups.remove(spare);
      await apex.eventually(() => readdir(folder), (left) => !left.includes(id), 30);
      expect((await backups.list(id)).map((one) => one.id)).toEqual([backupId]);
    }, 90_000);
  });
}
