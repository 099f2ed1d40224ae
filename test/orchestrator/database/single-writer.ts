import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DATABASE_ENGINES } from '../../../src/entities/database-catalogue.js';
import { ClusterInstallation } from '../cluster-installation.js';
import { namespaceOf, shell } from './client-pod.js';
import { DatabaseLife } from './database-life.js';
import { runningIn } from './running-engines.js';

const POD = 'single-0';
const MARIADB = 'MYSQL_PWD="$P" mariadb --protocol=tcp -h 127.0.0.1 -u app app -N';
const REDIS = 'REDISCLI_AUTH="$P" redis-cli --no-auth-warning';

/** How each engine writes the number `$N` and tells how many there are; and what it says where another holds its files. */
const ENGINES = {
  mariadb: { program: 'mariadbd', write: `${MARIADB} -e "create table if not exists t (n int primary key); insert ignore into t values ($N)"`, count: `${MARIADB} -e "select count(*) from t"`, locked: /Unable to lock|Can't lock aria/i },
  redis: { program: 'redis-server', write: `${REDIS} sadd t "$N"`, count: `${REDIS} scard t`, locked: /Bad file format|Failed to lock/i },
} as const;

/** Databases of these engines whose pod is replaced by force again and again, and each time written to. PostgreSQL's is in durability.ts. */
export function singleWriter(types: readonly (keyof typeof ENGINES)[], replacements: number): void {
  describe.each(types.map((type) => ({ type, ...ENGINES[type] })))('a $type database whose pod is replaced by force', ({ type, program, write, count, locked }) => {
    let apex: ClusterInstallation;
    let databases: DatabaseLife;
    let id: string;
    let namespace: string;
    let password: string;
    const inPod = (script: string): Promise<string> => shell(apex, namespace, POD, 'database', `read -r P; { ${DATABASE_ENGINES[type].query}; } > /dev/null 2>&1 || exit 9; ${script}`, `${password}\n`, 20);
    const answered = (script: string): Promise<string> => apex.eventually(() => inPod(script).catch(() => 'not yet'), (seen) => seen !== 'not yet', 120);
    const uid = (): Promise<string> => apex.kube.get('Pod', POD, namespace).then(({ metadata }) => metadata.uid!, () => '');

    beforeAll(async () => {
      apex = await ClusterInstallation.start();
      databases = new DatabaseLife(apex);
      ({ id } = await databases.create({ name: 'single', type, storage: '300Mi' }));
      await databases.available(id);
      namespace = await namespaceOf(apex);
      ({ password } = await databases.connection(id));
    }, 150_000);
    afterAll(() => apex?.stop(), 60_000);

    it(`never has two writers on its volume, ${replacements} times, and keeps what it acknowledged`, async () => {
      const pods = [await uid()];
      let together = 0;
      let looks = 0;
      let isOver = false;
      const watch = (async () => {
        for (; !isOver; looks += 1) {
          if (runningIn(pods, program).length > 1) together += 1;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      })();
      try {
        for (let time = 1; time <= replacements; time += 1) {
          expect(await answered(`N=${time}; ${write} > /dev/null && echo written`)).toBe('written');
          const before = await uid();
          await apex.kube.call('DELETE', `/api/v1/namespaces/${namespace}/pods/${POD}`, 'Pod', { body: { gracePeriodSeconds: 0 } });
          pods.push(await apex.eventually(uid, (now) => now !== '' && now !== before, 60));
          expect(Number(await answered(count))).toBe(time);
        }
      } finally {
        isOver = true;
        await watch;
      }
      expect(together).toBe(0);
      const { databaseLogs } = await apex.graphql<{ databaseLogs: { lines: { message: string }[] } }>('query ($id: ID!) { databaseLogs(databaseId: $id) { lines { message } } }', { id });
      expect(databaseLogs.lines.map(({ message }) => message).filter((line) => locked.test(line))).toEqual([]);
      process.stdout.write(`${type}: ${replacements} replacements by force, ${looks} looks, two engines at once in ${together}\n`);
    }, 900_000);
  });
}
