import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../../src/orchestrator/kubernetes/kinds.js';
import { execInPod } from '../../../src/orchestrator/kubernetes/pod-exec.js';
import { ClusterInstallation } from '../cluster-installation.js';
import { killEngine, namespaceOf, shell } from './client-pod.js';
import { DatabaseLife } from './database-life.js';
import { runningIn } from './running-engines.js';

const POD = 'durable-0';
const ENOUGH = '/tmp/enough';
/** Rows of one commit. */
const STEP = 10;
/** From then on its pod is made anew after a kill: the cluster lets a container that dies again and again wait for minutes. */
const KILLS_IN_PLACE = 2;

/** How hard a database is treated. */
export interface Treatment {
  rows: number;
  kills: number;
  replacements: number;
}

/**
 * Commits rows in the linked service's pod, numbered, one after another, and prints the number of the last row of each commit
 * once the engine has acknowledged it. It goes on behind that after each cut, and never writes a number again that was
 * acknowledged: a row that is lost stays lost. It ends once there are enough rows and it is told that it may.
 */
const writer = (rows: number): string => `: > /tmp/acknowledged
more() { [ "$1" -lt ${rows} ] || [ ! -e ${ENOUGH} ]; }
while n=$(tail -n 1 /tmp/acknowledged); n=\${n:-0}; more "$n"; do
  i=$n
  while more "$i"; do
    i=$((i + ${STEP})); echo "with rows as (insert into acknowledged select generate_series($((i - ${STEP - 1})), $i) on conflict do nothing) select $i;"
  done | PGCONNECT_TIMEOUT=5 psql "$DATABASE_URL" -XtAq -v ON_ERROR_STOP=1 2> /dev/null | tee -a /tmp/acknowledged
  sleep 0.2
done`;

/** A PostgreSQL database whose pod is killed and replaced while a service writes to it. */
export function durability({ rows, kills, replacements }: Treatment): void {
  describe('a database that is treated badly', () => {
    let apex: ClusterInstallation;
    let databases: DatabaseLife;
    let id: string;
    let namespace: string;
    let client: string;
    const sql = (text: string, seconds = 120): Promise<string> => shell(apex, namespace, client, 'app', 'psql "$DATABASE_URL" -XtAq -v ON_ERROR_STOP=1 -f -', `${text}\n`, seconds);
    const answers = (): Promise<string> => apex.eventually(() => sql('select 1', 10).catch((error: Error) => error.message), (seen) => seen === '1', 400);
    const uid = (): Promise<string> => apex.kube.get('Pod', POD, namespace).then(({ metadata }) => metadata.uid!, () => '');
    const replace = async (): Promise<void> => {
      const before = await uid();
      await apex.kube.call('DELETE', `/api/v1/namespaces/${namespace}/pods/${POD}`, 'Pod', { body: { gracePeriodSeconds: 0 } });
      await apex.eventually(uid, (now) => now !== '' && now !== before, 60);
    };

    beforeAll(async () => {
      apex = await ClusterInstallation.start({ APEX_DEPLOY_DEADLINE_SECONDS: '120' });
      databases = new DatabaseLife(apex);
      ({ id } = await databases.create({ name: 'durable', type: 'postgres', storage: '512Mi' }));
      await databases.available(id);
      namespace = await namespaceOf(apex);
      const service = await apex.deploy({ name: 'writer', image: 'postgres:15', command: ['sh', '-c', 'trap "exit 0" TERM; sleep 3600 & wait'], replicas: 0 });
      await databases.link(service, id);
      await apex.graphql('mutation ($id: ID!) { updateService(id: $id, input: { replicas: 1 }) { id } }', { id: service });
      await apex.until(service, ({ status, readyReplicas, currentDeployment, latestDeployment }) => status === 'RUNNING' && readyReplicas === 1 && currentDeployment?.id === latestDeployment?.id, 90);
      client = (await apex.pods(service)).find(({ metadata }) => !metadata.deletionTimestamp)!.metadata.name;
      await answers();
      await sql('create table acknowledged (n bigint primary key)');
    }, 240_000);
    afterAll(() => apex?.stop(), 60_000);

    it(`loses none of ${rows} acknowledged rows, killed ${kills} times while they are written`, async () => {
      let acknowledged = 0;
      let heard = (): void => undefined;
      const wish = { namespace, pod: client, container: 'app', command: ['sh', '-c', writer(rows)], input: [], signal: AbortSignal.timeout(1_500_000) };
      let last = '';
      const writing = execInPod(apex.kube, wish, (chunk) => {
        const lines = (last + chunk.toString()).split('\n');
        last = lines.pop()!;
        acknowledged = Number(lines.at(-1) ?? acknowledged);
        heard();
      });
      const reached = (row: number): Promise<void> => new Promise((resolve) => (heard = () => acknowledged >= row && resolve())());
      const lost: string[] = [];
      for (let kill = 1; kill <= kills; kill += 1) {
        await Promise.race([reached(Math.floor((rows * kill) / (kills + 1))), writing]);
        await killEngine(apex, POD, namespace);
        const known = acknowledged;
        if (kill > KILLS_IN_PLACE) await replace();
        await answers();
        const there = await sql(`select count(*) from acknowledged where n <= ${known}`);
        if (Number(there) !== known) lost.push(`${known - Number(there)} after kill ${kill}`);
      }
      await shell(apex, namespace, client, 'app', `touch ${ENOUGH}`);
      expect((await writing).exitCode).toBe(0);
      expect(lost).toEqual([]);
      expect(acknowledged).toBeGreaterThanOrEqual(rows);
      expect(await sql(`select count(*), min(n), max(n) from acknowledged where n <= ${acknowledged}`)).toBe(`${acknowledged}|1|${acknowledged}`);
      process.stdout.write(`durability: ${acknowledged} acknowledged rows, ${kills} kills, 0 lost\n`);
    }, 1_800_000);

    it('keeps a second engine off its volume as long as the first one lives', async () => {
      const [set] = await apex.objects('StatefulSet');
      const { spec } = (set as KubeObject & { spec: { template: { spec: { containers: Record<string, unknown>[] } } } }).spec.template;
      const [container] = spec.containers;
      const rival = { ...container, startupProbe: undefined, readinessProbe: undefined, livenessProbe: undefined, lifecycle: undefined };
      await apex.kube.apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'rival', namespace }, spec: { ...spec, terminationGracePeriodSeconds: 0, containers: [rival] } } as KubeObject);
      const waits = (): Promise<string> => shell(apex, namespace, 'rival', 'database', 'ls /proc/*/cmdline | xargs cat 2> /dev/null | tr "\\0" " " | grep -o "flock -w" | head -n 1; true').catch((error: Error) => error.message);
      await apex.eventually(waits, (seen) => seen === 'flock -w', 60);
      expect(runningIn([await uid(), (await apex.kube.get('Pod', 'rival', namespace)).metadata.uid!], 'postgres')).toEqual([await uid()]);
      await sql('insert into acknowledged values (0)');
      expect(await waits()).toBe('flock -w');
      await apex.kube.call('DELETE', `/api/v1/namespaces/${namespace}/pods/rival`, 'Pod', { body: { gracePeriodSeconds: 0 } });
    }, 120_000);

    it(`never has two writers on its volume, though its pod is replaced by force ${replacements} times`, async () => {
      const pods = [await uid()];
      let together = 0;
      let looks = 0;
      let isOver = false;
      const watch = (async () => {
        for (; !isOver; looks += 1) {
          if (runningIn(pods, 'postgres').length > 1) together += 1;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      })();
      try {
        for (let time = 1; time <= replacements; time += 1) {
          await replace();
          pods.push(await uid());
          await answers();
          await sql(`insert into acknowledged values (${-time})`);
          // The engine's own lock names the very engine that answers.
          expect(await sql("select abs(split_part(pg_read_file('postmaster.pid'), chr(10), 3)::bigint - extract(epoch from pg_postmaster_start_time())) < 5")).toBe('t');
        }
      } finally {
        isOver = true;
        await watch;
      }
      expect(together).toBe(0);
      expect(await sql('select count(*) from acknowledged where n < 0')).toBe(String(replacements));
      await sql("create extension if not exists amcheck; select bt_index_check(indexrelid, true) from pg_index join pg_class on pg_class.oid = indexrelid where relam = 403 and relpersistence = 'p';");
      process.stdout.write(`durability: ${replacements} replacements by force, ${looks} looks, two engines at once in ${together}\n`);
    }, 1_800_000);
  });
}
