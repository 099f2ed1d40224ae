import { ReflectMetadataProvider } from '@mikro-orm/decorators/legacy';
import { Migrator } from '@mikro-orm/migrations';
import { defineConfig, MikroORM } from '@mikro-orm/postgresql';
import { ENTITIES } from './all-entities.js';
import { MIGRATIONS } from './migrations/all-migrations.js';

const CONNECT_TIMEOUT_MS = 10_000;
/** No statement of the API takes seconds; one that does is cut, so that it cannot hold a connection for ever. */
const STATEMENT_TIMEOUT_MS = 30_000;
/** A server that was stopped in the middle holds its rows for so long at most. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 20_000;
const POOL_SIZE = 20;

/** Any number will do, as long as every server of an installation takes the same one. */
const MIGRATION_LOCK = 4_927_015_638;

export type Database = MikroORM;

/** Where the mapper's own remarks go. */
export interface DatabaseLog {
  debug(fields: object, message: string): void;
}

/** The mapping and the pool. It connects at the first statement, so a database that is down is that statement's error. */
export async function createDatabase(url: string, logger: DatabaseLog): Promise<Database> {
  return MikroORM.init(
    defineConfig({
      clientUrl: url,
      entities: ENTITIES,
      metadataProvider: ReflectMetadataProvider,
      extensions: [Migrator],
      ensureDatabase: false,
      pool: { min: 0, max: POOL_SIZE, idleTimeoutMillis: 30_000 },
      driverOptions: {
        connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
        statement_timeout: STATEMENT_TIMEOUT_MS,
        idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
        application_name: 'apex',
      },
      colors: false,
      logger: (message) => logger.debug({ message }, 'database'),
      schemaGenerator: { ignoreTriggers: true, ignoreRoutines: true },
      // By list and not by folder: the same from the compiled files and under the tests.
      migrations: { migrationsList: MIGRATIONS, tableName: 'migration', snapshot: false, silent: true },
    }),
  );
}

/** Brings the schema up to date: all of it or nothing, one server at a time. */
export async function migrate(orm: Database): Promise<void> {
  await orm.em.fork().transactional(async (em) => {
    await em.execute('set local statement_timeout = 0');
    await em.execute('set local idle_in_transaction_session_timeout = 0');
    await em.execute(`select pg_advisory_xact_lock(${MIGRATION_LOCK})`);
    await orm.migrator.up({ transaction: em.getTransactionContext()! });
  });
}
