import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DATABASE_ENGINES } from '../../../src/entities/database-catalogue.js';
import { ClusterInstallation } from '../cluster-installation.js';
import { BackupLife } from './backup-life.js';
import { namespaceOf, shell } from './client-pod.js';
import { DatabaseLife } from './database-life.js';

const PSQL = 'PGPASSWORD="$P" psql -h "$POD_IP" -U app -d app -XtAq -v ON_ERROR_STOP=1';
const REDIS = 'REDISCLI_AUTH="$P" redis-cli --no-auth-warning';

/** How an engine of the kind is filled by its own client, the password in `$P`, and what it is asked afterwards. */
interface Filling {
  /** 5000 rows that stay. */
  keep: string;
  /** Writes until it cannot any more, for some seconds at most, and prints what the engine said last. */
  fill: string;
  refused: RegExp;
  count: string;
  /** Fails unless the engine finds its own files whole; then one more row is written. */
  check: string;
}

const mysqlLike = (client: string, check: string): Filling => {
  const sql = `MYSQL_PWD="$P" timeout 20 ${client} --protocol=tcp -h 127.0.0.1 -u app app -N`;
  return {
    keep: `${sql} -e "create table kept (n int primary key); set session ${client === 'mysql' ? 'cte_max_recursion_depth' : 'max_recursive_iterations'} = 5000; insert into kept with recursive s as (select 1 as n union all select n + 1 from s where n < 5000) select n from s"`,
    // The engine waits for room in place of refusing, or ends; so it is its client that gives up.
    fill: `${sql} -e "create table filler (text longtext)"; i=0; while [ $i -lt 40 ] && ${sql} -e "insert into filler select repeat(uuid(), 450000)" 2>&1; do i=$((i + 1)); done; echo "gave up after $i"`,
    refused: /gave up after|table is full|ended with 137/,
    count: `${sql} -e "select count(*) from kept where n <= 5000"`,
    check: `${check} && ${sql} -e "insert into kept values (9000)"`,
  };
};

const FILLINGS = {
  postgres: {
    keep: `${PSQL} -c "create table kept (n bigint primary key)" -c "insert into kept select generate_series(1, 5000)"`,
    fill: `${PSQL} -c "create table filler as select repeat(md5(n::text), 200) as text from generate_series(1, 1000000) n" 2>&1; i=0; while [ $i -lt 300 ]; do i=$((i + 1)); echo "insert into kept values ($((5000 + i))) returning n;"; done | ${PSQL} 2> /dev/null | wc -l`,
    refused: /No space left on device|server closed the connection/,
    count: `${PSQL} -c "select count(*) from kept where n <= 5000"`,
    check: `${PSQL} -c "create extension amcheck; select bt_index_check(indexrelid, true) from pg_index join pg_class on pg_class.oid = indexrelid where relam = 403 and relpersistence = 'p'" -c "insert into kept values (9000)"`,
  },
  mariadb: mysqlLike('mariadb', `[ -z "$(MYSQL_PWD="$P" mariadb-check --protocol=tcp -h 127.0.0.1 -u app app | grep -v OK)" ]`),
  mysql: mysqlLike('mysql', `MYSQL_PWD="$P" mysql --protocol=tcp -h 127.0.0.1 -u app app -N -e "check table kept, filler" | grep -c OK | grep -qx 2`),
  redis: {
    keep: `{ i=0; while [ $i -lt 5000 ]; do i=$((i + 1)); echo "SADD kept $i"; done; } | ${REDIS} > /dev/null`,
    // 40 MiB are left, and 80 are written. It keeps what it was told in memory, and refuses more once its file takes no more.
    fill: `head -c $(($(df -Pk /data | tail -n 1 | tr -s ' ' | cut -d ' ' -f 4) * 1024 - 40 * 1048576)) /dev/zero > /data/filler; { i=0; while [ $i -lt 20 ]; do i=$((i + 1)); echo "EVAL \\"return redis.call('set', KEYS[1], string.rep('x', 4000000))\\" 1 filler$i"; sleep 0.2; done; sleep 2; echo "SADD kept 9001"; } | timeout 60 env REDISCLI_AUTH="$P" redis-cli --no-auth-warning 2>&1 | tail -n 3`,
    refused: /MISCONF/,
    count: `${REDIS} scard kept`,
    check: `${REDIS} sadd kept 9000 | grep -qx 1`,
  },
} satisfies Record<string, Filling>;

/** A database of each of these engines whose volume has no room any more, and then has; of a version, where not the default. */
export function fullVolume(types: readonly (keyof typeof FILLINGS)[], version?: string): void {
  describe.each(types.map((type) => ({ type, ...FILLINGS[type] })))('a $type database whose volume is full', ({ type, keep, fill, refused, count, check }) => {
    const { mount } = DATABASE_ENGINES[type];
    const [small, large] = type === 'mysql' ? ['512Mi', '700Mi'] : ['256Mi', '400Mi'];
    let apex: ClusterInstallation;
    let databases: DatabaseLife;
    let backups: BackupLife;
    let folder: string;
    let namespace: string;
    let id: string;
    const inPod = async (script: string, seconds = 120): Promise<string> => shell(apex, namespace, 'full-0', 'database', `read -r P; ${script}`, `${(await databases.connection(id)).password}\n`, seconds);

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'apex-full-'));
      apex = await ClusterInstallation.start({ APEX_BACKUP_DIR: folder });
      databases = new DatabaseLife(apex);
      backups = new BackupLife(apex);
      ({ id } = await databases.create({ name: 'full', type, storage: small, ...(version && { version }) }));
      await databases.available(id);
      namespace = await namespaceOf(apex);
      await inPod(keep);
    }, 150_000);
    afterAll(async () => {
      await apex?.stop();
      await rm(folder, { recursive: true, force: true });
    }, 60_000);

    it('says so, is told at once by a backup and a restore, and loses nothing', async () => {
      // Where the engine ends for want of room, so does whatever runs beside it.
      expect(await inPod(fill, 300).catch((error: Error) => error.message)).toMatch(refused);
      // One that has ended for want of room needs no more of it taken.
      await inPod(`cat /dev/zero > ${mount}/ballast 2> /dev/null; true`).catch(() => undefined);
      // Any change of a pod makes Apex look at its database.
      const looked = async () => {
        await apex.kube.apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'full-0', namespace, labels: { looked: `${Date.now()}` } } } as never);
        return databases.read(id);
      };
      const full = await apex.eventually(looked, ({ status }) => status === 'STORAGE_FULL', 60);
      expect(full.statusMessage).toBe(`Its storage of ${small} is full: it may refuse to write. Resize it to a larger storage, or delete data.`);

      const made = await backups.make(id);
      expect(['DONE', 'FAILED']).toContain(made.state);
      if (made.state === 'DONE') expect(await backups.restore(made.id)).toMatchObject({ state: 'FAILED', message: expect.stringMatching(new RegExp(`no room for it.*${small} is full`)) });
      else expect(made.message).toContain(`Its storage of ${small} is full`);
    }, 400_000);

    it('comes back with more storage, as it was', async () => {
      await databases.change('resizeDatabase', id, `, input: { storage: "${large}" }`);
      await databases.available(id, 200);
      await inPod(`rm -f ${mount}/ballast`);
      const seen = Number(await inPod(count));
      expect([5000, ...(type === 'redis' ? [5001] : [])]).toContain(seen);
      await inPod(check);
      expect(await backups.make(id)).toMatchObject({ state: 'DONE' });
    }, 300_000);
  });
}
