import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterInstallation } from '../cluster-installation.js';
import { BackupLife } from './backup-life.js';
import { namespaceOf, shell } from './client-pod.js';
import { DatabaseLife } from './database-life.js';

const SECONDS = 180;

describe('the recovery of a busy database to a point in time', () => {
  let apex: ClusterInstallation;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apex-recovery-'));
    apex = await ClusterInstallation.start({ APEX_BACKUP_DIR: folder });
  }, 60_000);
  afterAll(async () => {
    await apex?.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  it('has every row that was committed by then, and none that was begun later', async () => {
    const databases = new DatabaseLife(apex);
    const backups = new BackupLife(apex);
    const { id } = await databases.create({ name: 'busy', type: 'postgres', storage: '6Gi' });
    await databases.available(id);
    const namespace = await namespaceOf(apex);
    const { password } = await databases.connection(id);
    const sql = (text: string, seconds = 60): Promise<string> => shell(apex, namespace, 'busy-0', 'database', `read -r P; PGPASSWORD="$P" psql -h "$POD_IP" -U app -d app -XqtA -v ON_ERROR_STOP=1 -c "${text}"`, `${password}\n`, seconds);
    await sql('create table s (n serial primary key, at timestamptz); create table ballast (word text)');
    await apex.graphql('mutation ($id: ID!) { setPointInTimeRecovery(databaseId: $id, keepDays: 1) { keepDays } }', { id });
    const recovery = async () => (await apex.graphql<{ pointInTimeRecovery: { earliest: string | null; latest: string | null; storedBytes: number; trouble: string | null } }>('query ($id: ID!) { pointInTimeRecovery(databaseId: $id) { earliest latest storedBytes trouble } }', { id })).pointInTimeRecovery;
    const { earliest } = await apex.eventually(recovery, ({ earliest: first }) => first !== null, 120);
    // Each turn is a transaction of its own: a row, and half a segment that no compression makes small.
    await sql(`do \\$\\$ declare until timestamptz := clock_timestamp() + interval '${SECONDS} seconds'; begin while clock_timestamp() < until loop
      insert into s (at) values (clock_timestamp()); if random() < 0.02 then insert into ballast select gen_random_uuid()::text from generate_series(1, 60000); end if; commit; end loop; truncate ballast; end \\$\\$`, SECONDS + 60);
    const rows = (await sql("select n || ' ' || floor(extract(epoch from at) * 1000) from s order by n")).split('\n').map((line) => Number(line.split(' ')[1]));
    const until = new Date().toISOString();
    const { latest, storedBytes, trouble } = await apex.eventually(recovery, (now) => now.latest! >= until, 180);
    const [parts] = await apex.database.orm.em.fork().execute<{ segments: string; chains: string }[]>("select count(*) as segments, count(distinct chain) as chains from recovery_part where kind = 'SEGMENT'");
    console.log(`rows ${rows.length}, segments ${parts!.segments}, stored ${(storedBytes / 2 ** 20).toFixed(0)} MiB, trouble ${trouble}`);
    expect(Number(parts!.chains)).toBe(1);
    expect(Date.parse(latest!)).toBeGreaterThan(Date.parse(earliest!));
    for (const share of [0.9, 0.5, 0.1]) {
      const time = rows[Math.floor(rows.length * share)]!;
      const began = Date.now();
      const text = 'mutation ($id: ID!, $toTime: DateTimeISO!) { recoverDatabase(databaseId: $id, toTime: $toTime) { id } }';
      const { recoverDatabase } = await apex.graphql<{ recoverDatabase: { id: string } }>(text, { id, toTime: new Date(time).toISOString() });
      expect(await backups.ended(recoverDatabase.id, 600)).toMatchObject({ state: 'DONE', message: null });
      const there = Number(await sql('select count(*) from s'));
      const last = Number(await sql('select max(n) from s'));
      console.log(`recovered ${there} of ${rows.length} rows in ${((Date.now() - began) / 1000).toFixed(0)} s`);
      expect(there).toBe(last);
      // A row is committed before the next one begins.
      expect(there).toBeGreaterThanOrEqual(rows.filter((_, index) => rows[index + 1] !== undefined && rows[index + 1]! < time).length);
      expect(there).toBeLessThanOrEqual(rows.filter((at) => at <= time).length);
    }
  }, 1_800_000);
});
