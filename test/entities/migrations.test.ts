import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createDatabase, migrate, type Database } from '../../src/entities/database.js';
import { MIGRATIONS } from '../../src/entities/migrations/all-migrations.js';
import { createLogger } from '../../src/logger.js';
import { createEmptyDatabase } from '../support/test-database.js';

describe('the migrations', () => {
  let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
  let servers: Database[];

  beforeAll(async () => {
    database = await createEmptyDatabase();
    servers = await Promise.all([1, 2, 3].map(() => createDatabase(database.url, createLogger('silent'))));
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.close(true)));
    await database.drop();
  });

  test('run once when several servers start at once, and not again', async () => {
    await Promise.all(servers.map((server) => migrate(server)));
    await migrate(servers[0]!);
    expect(await servers[0]!.em.fork().execute('select name from migration order by id')).toEqual(MIGRATIONS.map(({ name }) => ({ name })));
  });

  test('make exactly the tables that the entities describe', async () => {
    expect(await servers[0]!.schema.getUpdateSchemaSQL({ wrap: false })).toBe('');
  });
});
