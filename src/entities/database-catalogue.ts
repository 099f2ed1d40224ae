import { DatabaseSize, DatabaseType } from './database-state.js';
import { POSTGRES_RECOVERY, type EngineRecovery } from './engine-recovery.js';
import { MONGODB_RESTORE, mysqlRestore, POSTGRES_RESTORE, POSTGRES_WHOLE, REDIS_RESTORE, type EngineRestore } from './engine-restore.js';
import { MONGODB_STATS, mysqlStats, POSTGRES_STATS, REDIS_STATS } from './engine-stats.js';
import { mongoEval, mongoTool } from './mongodb-shell.js';
import type { Resources } from './workload-spec.js';

/** What a size stands for. */
export interface SizeFacts extends Resources {
  storage: string;
}

export type DatabaseSizes = Readonly<Record<DatabaseSize, Readonly<SizeFacts>>>;

/** CPU, memory and storage of each size, where the operator has not set others. */
export const DATABASE_SIZES: DatabaseSizes = {
  [DatabaseSize.SMALL]: { cpu: '500m', memory: '512Mi', storage: '5Gi' },
  [DatabaseSize.MEDIUM]: { cpu: '1', memory: '2Gi', storage: '20Gi' },
  [DatabaseSize.LARGE]: { cpu: '2', memory: '4Gi', storage: '50Gi' },
  [DatabaseSize.XLARGE]: { cpu: '4', memory: '8Gi', storage: '100Gi' },
};

/** User and database that every new one begins with. */
export const DATABASE_USER = 'app';
export const DATABASE_NAME = 'app';

/** Who runs an engine in the cluster; an operator's would be one more. */
export type DriverKind = 'stateful-set';

/**
 * How an engine runs. Its commands are shell scripts without any value in them: the password comes as the first line of
 * the standard input, so that it stands in no object, no command line that the API server sees, and no log of either.
 */
export interface Engine {
  driver: DriverKind;
  /** Version to image. */
  versions: Readonly<Record<string, string>>;
  port: number;
  scheme: string;
  user: string;
  /** Null where the engine's databases have no names. */
  database: string | null;
  /** Path of the database in its address. */
  path: string;
  /** Where the volume is mounted, and its user's id in the image. */
  mount: string;
  uid: number;
  /** Variables of the container: from the Secret's key `password`, or as they are. */
  environment: Readonly<Record<string, { secret: true } | string>>;
  args: readonly string[];
  /** Further arguments, for the bytes of memory that it has: what an engine takes by itself fits no size but one. */
  memoryArgs: (bytes: number) => readonly string[];
  /** Shell: asks the engine to end cleanly, where the signal that Kubernetes sends would not. */
  stop: string | null;
  /** Shell: the engine listens (anybody may ask). */
  listens: string;
  /** Shell: fails unless the engine answers a query with the password `$P`. */
  query: string;
  /** Shell: prints how busy it is (see engine-stats.ts). */
  stats: string;
  /** Shell: sets the password to `$NEXT` with `$P`; both are hexadecimal. */
  rotate: string;
  /** Shell: writes the whole content to the standard output, with the password `$P`. */
  dump: string;
  restore: EngineRestore;
  /** Null where it has no recovery to a point in time. */
  recovery: EngineRecovery | null;
  /** How a file with a dump is called: its extension. */
  dumpFile: string;
  /** What `dump` adds at the end for `restore`, and no other program wants. */
  dumpMark: string;
}

/** Nobody replicates from it: its binary log would fill the volume with a second copy of each change, and refuse triggers to who is no superuser. */
const MYSQL_ALONE = ['--disable-log-bin'];

const MIB = 2 ** 20;
const shareOf = (bytes: number, share: number): number => Math.floor((bytes * share) / MIB);

const MYSQL_CLIENT = '--protocol=tcp -h 127.0.0.1 -u app';
/** One moment of all of it, and what makes the schema itself anew. */
const DUMP_ALL = '--single-transaction --no-tablespaces --routines --triggers --events --add-drop-database --databases app';
const mysqlLike = (prefix: 'MYSQL' | 'MARIADB', { client, admin, dump, setPassword }: Record<'client' | 'admin' | 'dump' | 'setPassword', string>, versions: Readonly<Record<string, string>>, memoryArgs: Engine['memoryArgs']): Engine => ({
  driver: 'stateful-set',
  versions,
  port: 3306,
  scheme: 'mysql',
  user: DATABASE_USER,
  database: DATABASE_NAME,
  path: `/${DATABASE_NAME}`,
  mount: '/var/lib/mysql',
  uid: 999,
  environment: { [`${prefix}_USER`]: DATABASE_USER, [`${prefix}_PASSWORD`]: { secret: true }, [`${prefix}_DATABASE`]: DATABASE_NAME, [`${prefix}_RANDOM_ROOT_PASSWORD`]: 'yes' },
  args: ['--datadir=/var/lib/mysql/data', ...(prefix === 'MYSQL' ? MYSQL_ALONE : [])],
  memoryArgs,
  stop: null,
  listens: `MYSQL_PWD=x ${admin} ${MYSQL_CLIENT} ping`,
  query: `MYSQL_PWD="$P" ${client} ${MYSQL_CLIENT} app -N -e 'select 1'`,
  stats: mysqlStats(`${client} ${MYSQL_CLIENT}`, prefix === 'MYSQL' ? 'performance_schema' : 'information_schema'),
  rotate: `MYSQL_PWD="$P" ${client} ${MYSQL_CLIENT} app -e "${setPassword}"`,
  dump: `MYSQL_PWD="$P" ${dump} ${MYSQL_CLIENT} ${DUMP_ALL}`,
  restore: mysqlRestore('/var/lib/mysql', `${client} ${MYSQL_CLIENT}`, `${dump} ${MYSQL_CLIENT} ${DUMP_ALL}`),
  recovery: null,
  dumpFile: 'sql',
  dumpMark: '',
});

/** Every engine; a new one is a row here. */
export const DATABASE_ENGINES: Readonly<Record<DatabaseType, Engine>> = {
  [DatabaseType.POSTGRES]: {
    driver: 'stateful-set',
    versions: { '15': 'postgres:15', '16': 'postgres:16', '17': 'postgres:17', '14': 'postgres:14' },
    port: 5432,
    scheme: 'postgres',
    user: DATABASE_USER,
    database: DATABASE_NAME,
    path: `/${DATABASE_NAME}`,
    mount: '/var/lib/postgresql/data',
    uid: 999,
    environment: { POSTGRES_USER: DATABASE_USER, POSTGRES_PASSWORD: { secret: true }, POSTGRES_DB: DATABASE_NAME, PGDATA: '/var/lib/postgresql/data/pgdata' },
    args: ['postgres'],
    memoryArgs: (bytes) => ['-c', `shared_buffers=${shareOf(bytes, 0.25)}MB`],
    // SIGTERM waits for all clients to leave.
    stop: 'kill -INT 1',
    listens: 'pg_isready -h "$POD_IP"',
    // By the pod's own address: from loopback the image trusts everybody, which proves nothing.
    query: 'PGPASSWORD="$P" psql -h "$POD_IP" -U app -d app -XtAc "select 1"',
    stats: POSTGRES_STATS,
    rotate: `PGPASSWORD="$P" psql -h "$POD_IP" -U app -d app -Xqc "ALTER ROLE CURRENT_USER PASSWORD '$NEXT'"`,
    dump: `PGPASSWORD="$P" pg_dump -h "$POD_IP" -U app -d app --no-owner --no-acl && echo '${POSTGRES_WHOLE}'`,
    restore: POSTGRES_RESTORE,
    recovery: POSTGRES_RECOVERY,
    dumpFile: 'sql',
    dumpMark: `${POSTGRES_WHOLE}\n`,
  },
  [DatabaseType.MYSQL]: mysqlLike('MYSQL', { client: 'mysql', admin: 'mysqladmin', dump: 'mysqldump --set-gtid-purged=OFF', setPassword: "ALTER USER USER() IDENTIFIED BY '$NEXT'" }, { '8.4': 'mysql:8.4', '8.0': 'mysql:8.0', '9.7': 'mysql:9.7' }, (bytes) => [
    // It takes some 250 MiB beside its buffers, and as much again for counting what it does.
    `--innodb-buffer-pool-size=${shareOf(bytes, 0.25)}M`, ...(bytes < 1024 * MIB ? ['--performance-schema=OFF'] : []),
  ]),
  [DatabaseType.MARIADB]: mysqlLike('MARIADB', { client: 'mariadb', admin: 'mariadb-admin', dump: 'mariadb-dump', setPassword: "SET PASSWORD = PASSWORD('$NEXT')" }, { '10.11': 'mariadb:10.11', '11.4': 'mariadb:11.4' }, (bytes) => [`--innodb-buffer-pool-size=${shareOf(bytes, 0.4)}M`]),
  [DatabaseType.REDIS]: {
    driver: 'stateful-set',
    versions: { '7': 'redis:7', '8': 'redis:8', 'valkey-8': 'valkey/valkey:8' },
    port: 6379,
    scheme: 'redis',
    user: 'default',
    database: null,
    path: '/0',
    mount: '/data',
    uid: 999,
    environment: { REDIS_PASSWORD: { secret: true } },
    // Kubernetes puts the variable in: the object holds only its name.
    // A backup is read as a replica reads: no others are waited for, who might want the same.
    args: ['redis-server', '--requirepass', '$(REDIS_PASSWORD)', '--appendonly', 'yes', '--dir', '/data', '--repl-diskless-sync-delay', '0'],
    // Past it writes are refused with a word of why; without it the cluster ends the engine, and ends it again while it loads its content.
    memoryArgs: (bytes) => ['--maxmemory', `${shareOf(bytes, 0.75)}mb`],
    stop: null,
    listens: 'redis-cli ping | grep -Eq "PONG|NOAUTH"',
    // Not PING: that is refused, too, while its file cannot be written.
    query: 'REDISCLI_AUTH="$P" redis-cli --no-auth-warning dbsize | grep -Eq "^[0-9]+$"',
    stats: REDIS_STATS,
    rotate: `printf 'CONFIG SET requirepass %s\\n' "$NEXT" | REDISCLI_AUTH="$P" redis-cli --no-auth-warning | grep -q OK`,
    dump: 'REDISCLI_AUTH="$P" redis-cli --no-auth-warning --rdb /tmp/apex.rdb > /dev/null && cat /tmp/apex.rdb && rm /tmp/apex.rdb',
    restore: REDIS_RESTORE,
    recovery: null,
    dumpFile: 'rdb',
    dumpMark: '',
  },
  [DatabaseType.MONGODB]: {
    driver: 'stateful-set',
    versions: { '7': 'mongo:7', '8': 'mongo:8' },
    port: 27017,
    scheme: 'mongodb',
    user: DATABASE_USER,
    database: DATABASE_NAME,
    path: `/${DATABASE_NAME}?authSource=admin`,
    mount: '/data/db',
    uid: 999,
    environment: { MONGO_INITDB_ROOT_USERNAME: DATABASE_USER, MONGO_INITDB_ROOT_PASSWORD: { secret: true }, MONGO_INITDB_DATABASE: DATABASE_NAME },
    args: ['mongod'],
    // It sees the limit by itself.
    memoryArgs: () => [],
    stop: null,
    listens: 'mongosh --quiet --eval "db.hello().ok"',
    query: mongoEval('app.stats().ok'),
    stats: MONGODB_STATS,
    rotate: `NEXT="$NEXT" ${mongoEval('app.getSiblingDB("admin").changeUserPassword("app", env.NEXT)')}`,
    dump: `${mongoTool('mongodump')} -d app --archive`,
    restore: MONGODB_RESTORE,
    recovery: null,
    dumpFile: 'archive',
    dumpMark: '',
  },
};

/** The version that is taken where none is asked for. Keys that look like numbers would be put in order by the language, so it is named. */
export const DEFAULT_VERSIONS: Readonly<Record<DatabaseType, string>> = {
  [DatabaseType.POSTGRES]: '15',
  [DatabaseType.MYSQL]: '8.4',
  [DatabaseType.MARIADB]: '10.11',
  [DatabaseType.REDIS]: '7',
  [DatabaseType.MONGODB]: '7',
};

/** The address that a service connects to, in the environment's own network. */
export function connectionUrl(type: DatabaseType, name: string, password: string): string {
  const engine = DATABASE_ENGINES[type];
  return `${engine.scheme}://${engine.user}:${encodeURIComponent(password)}@${name}:${engine.port}${engine.path}`;
}
