import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ClusterInstallation } from '../cluster-installation.js';
import { killEngine, namespaceOf, shell, startClient } from './client-pod.js';
import { DatabaseLife } from './database-life.js';

/** How a client of each engine writes and reads, its address in `$U` (and in `$P` the password). */
const ENGINES = [
  {
    type: 'mariadb', image: 'mariadb:10.11',
    write: 'MYSQL_PWD=$P mariadb -h my-mariadb -u app app -e "create table t (n int); insert into t values (1), (2), (3)"',
    read: 'MYSQL_PWD=$P mariadb -h my-mariadb -u app app -N -e "select count(*) from t"', expected: '3',
    wrong: 'MYSQL_PWD=wrong mariadb -h my-mariadb -u app app -e "select 1"', refused: /Access denied/,
    usage: { connections: expect.any(Number), maxConnections: 151, memoryUsed: null },
  },
  {
    type: 'redis', image: 'redis:7',
    write: 'redis-cli -u "$U" --no-auth-warning set kept 42', read: 'redis-cli -u "$U" --no-auth-warning get kept', expected: '42',
    wrong: 'redis-cli -h my-redis get kept; exit 1', refused: /ended with 1/,
    usage: { connections: expect.any(Number), maxConnections: expect.any(Number), memoryUsed: expect.any(Number) },
  },
] as const;

describe.each(ENGINES)('a $type database', ({ type, image, write, read, expected, wrong, refused, usage }) => {
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
    ({ id } = await databases.create({ name: `my-${type}`, type, storage: '300Mi' }));
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
});
