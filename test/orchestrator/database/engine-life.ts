import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DATABASE_ENGINES } from '../../../src/entities/database-catalogue.js';
import { ManagedDatabase } from '../../../src/entities/managed-database.js';
import type { KubeObject } from '../../../src/orchestrator/kubernetes/kinds.js';
import { ClusterInstallation } from '../cluster-installation.js';
import { killEngine, namespaceOf, shell, startClient } from './client-pod.js';
import { DatabaseLife } from './database-life.js';

/** How a client of each engine writes and reads, its address in `$U` (and in `$P` the password). */
const ENGINES = {
  mariadb: {
    image: 'mariadb:10.11',
    write: 'MYSQL_PWD=$P mariadb -h my-mariadb -u app app -e "create table t (n int); insert into t values (1), (2), (3)"',
    read: 'MYSQL_PWD=$P mariadb -h my-mariadb -u app app -N -e "select count(*) from t"', expected: '3',
    wrong: 'MYSQL_PWD=wrong mariadb -h my-mariadb -u app app -e "select 1"', refused: /Access denied/,
    usage: { connections: expect.any(Number), maxConnections: 151, memoryUsed: null },
  },
  mysql: {
    image: 'mysql:9.7',
    write: 'MYSQL_PWD=$P mysql -h my-mysql -u app app -e "create table t (n int); insert into t values (1), (2), (3)"',
    read: 'MYSQL_PWD=$P mysql -h my-mysql -u app app -N -e "select count(*) from t"', expected: '3',
    wrong: 'MYSQL_PWD=wrong mysql -h my-mysql -u app app -e "select 1"', refused: /Access denied/,
    usage: { connections: expect.any(Number), maxConnections: 151, memoryUsed: null },
  },
  redis: {
    image: 'redis:7',
    write: 'redis-cli -u "$U" --no-auth-warning set kept 42', read: 'redis-cli -u "$U" --no-auth-warning get kept', expected: '42',
    wrong: 'redis-cli -h my-redis get kept; exit 1', refused: /ended with 1/,
    usage: { connections: expect.any(Number), maxConnections: expect.any(Number), memoryUsed: expect.any(Number) },
  },
} as const;

/** What becomes of a database of each of these engines, from its first answer to its new credentials; of a version, where not the default. */
export function engineLife(types: readonly (keyof typeof ENGINES)[], version?: string): void {
  describe.each(types.map((type) => ({ type, ...ENGINES[type] })))('a $type database', ({ type, image, write, read, expected, wrong, refused, usage }) => {
    let apex: ClusterInstallation;
    let databases: DatabaseLife;
    let id: string;
    let namespace: string;
    let client: string;
    const run = async (script: string, connection?: { url: string; password: string }): Promise<string> => {
      const { url, password } = connection ?? (await databases.connection(id));
      return shell(apex, namespace, client, 'client', `read -r U; read -r P; ${script}`, `${url}\n${password}\n`);
    };
    // Who stands behind a name, the cluster's network learns a little later.
    const eventually = (script: string): Promise<string> => apex.eventually(() => run(script).catch((error: Error) => error.message), (seen) => seen === expected, 30);

    beforeAll(async () => {
      apex = await ClusterInstallation.start();
      databases = new DatabaseLife(apex);
      ({ id } = await databases.create({ name: `my-${type}`, type, storage: type === 'mysql' ? '512Mi' : '300Mi', ...(version && { version }) }));
      await databases.available(id);
      namespace = await namespaceOf(apex);
      client = await startClient(apex, namespace, image);
      await apex.eventually(() => run(`{ ${write}; } && echo written`).catch((error: Error) => error.message), (seen) => seen.endsWith('written'), 30);
    }, 150_000);
    afterAll(() => apex?.stop(), 60_000);

    it('lets in who has its credentials, and nobody else', async () => {
      expect(await run(read)).toBe(expected);
      await expect(run(wrong)).rejects.toThrow(refused);
    }, 30_000);

    it('tells how busy and how full it is', async () => {
      const { storageUsed, storageTotal, ...load } = await databases.usage(id);
      expect(load).toEqual(usage);
      expect(storageTotal).toBeGreaterThan(storageUsed);
    });

    it('is in reach of its own environment, and of no other', async () => {
      await apex.graphql('mutation { createEnvironment(input: { name: "elsewhere" }) { id } }');
      const service = await apex.deploy({ name: 'neighbour', environment: 'elsewhere', image, command: ['sh', '-c', 'sleep 3600'] });
      await apex.until(service, ({ status }) => status === 'RUNNING', 90);
      const [neighbour] = await apex.pods(service);
      const { status } = await apex.kube.get<KubeObject & { status: { podIP: string } }>('Pod', `my-${type}-0`, namespace);
      const { port } = DATABASE_ENGINES[type];
      for (const host of [`my-${type}.${namespace}.svc.cluster.local`, status.podIP]) {
        const from = (where: string, pod: string, container: string): Promise<string> => shell(apex, where, pod, container, `timeout 4 nc -w 3 ${host} ${port} -e true && echo reached || echo 'not reached'`);
        expect([host, await from(neighbour!.metadata.namespace!, neighbour!.metadata.name, 'app')]).toEqual([host, 'not reached']);
        expect([host, await from(namespace, client, 'client')]).toEqual([host, 'reached']);
      }
    }, 120_000);

    it('is as it was after its engine was killed', async () => {
      await killEngine(apex, `my-${type}-0`, namespace);
      await eventually(read);
      await databases.available(id);
    }, 90_000);

    it('gets new credentials, which it keeps after a restart', async () => {
      const before = await databases.connection(id);
      await databases.change('rotateDatabaseCredentials', id);
      await databases.available(id);
      const after = await databases.connection(id);
      expect(after.password).not.toBe(before.password);
      await databases.change('pauseDatabase', id, ', pause: true');
      await databases.until(id, ({ status }) => status === 'PAUSED');
      await databases.change('pauseDatabase', id, ', pause: false');
      await databases.available(id);
      await eventually(read);
      expect(await run(read, before).catch((error: Error) => error.message)).not.toBe(expected);
    }, 150_000);

    it('ends up with one password where a server was killed between the engine and its row', async () => {
      const { password } = await databases.connection(id);
      const next = 'abcd'.repeat(12);
      await shell(apex, namespace, `my-${type}-0`, 'database', `read -r P; read -r NEXT; ${DATABASE_ENGINES[type].rotate}`, `${password}\n${next}\n`);
      await apex.database.orm.em.fork().transactional(async (tx) => {
        const { teamId } = await tx.findOneOrFail(ManagedDatabase, { id });
        const sealed = await apex.vault.seal(tx, teamId, id, next);
        await tx.execute(`update managed_database set sealed_next_password = ?, status = 'UPDATING', generation = generation + 1 where id = ?`, [sealed, id], 'run');
        await apex.orchestrator.wake(tx, `database/${id}`);
      });
      await databases.available(id);
      const now = await databases.connection(id);
      expect(now.password).toBe(next);
      expect(await run(read, now)).toBe(expected);
    }, 60_000);
  });
}
