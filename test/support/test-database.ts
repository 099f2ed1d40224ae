import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { createDatabase, migrate, type Database } from '../../src/entities/database.js';
import { createLogger } from '../../src/logger.js';

const TEMPLATE_LOCK = 4_927_015_640;
const MIGRATIONS = join(import.meta.dirname, '..', '..', 'src', 'entities', 'migrations');

export interface TestDatabase {
  url: string;
  orm: Database;
  /** Closes the pool and drops the database, whoever is still connected. */
  drop(): Promise<void>;
}

/** A migrated database of this test file's own, cloned from a template that is made once for each state of the migrations. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `apex_test_${randomBytes(8).toString('hex')}`;
  const template = await ensureTemplate();
  await asAdmin((admin) => admin.query(`create database ${name} template ${template}`));
  const url = urlOf(name);
  const orm = await createDatabase(url, createLogger('silent'));
  return {
    url,
    orm,
    drop: async () => {
      await orm.close(true);
      await asAdmin((admin) => admin.query(`drop database if exists ${name} with (force)`));
    },
  };
}

/** An empty database, for what is about migrations. */
export async function createEmptyDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `apex_test_${randomBytes(8).toString('hex')}`;
  await asAdmin((admin) => admin.query(`create database ${name}`));
  return { url: urlOf(name), drop: () => asAdmin(async (admin) => void (await admin.query(`drop database if exists ${name} with (force)`))) };
}

async function ensureTemplate(): Promise<string> {
  const name = `apex_template_${hashOfMigrations()}`;
  await asAdmin(async (admin) => {
    await admin.query(`select pg_advisory_lock(${TEMPLATE_LOCK})`);
    const { rowCount } = await admin.query('select 1 from pg_database where datname = $1 and datistemplate', [name]);
    if (rowCount) return;
    await admin.query(`drop database if exists ${name} with (force)`);
    await admin.query(`create database ${name}`);
    const orm = await createDatabase(urlOf(name), createLogger('silent'));
    await migrate(orm).finally(() => orm.close(true));
    await admin.query(`alter database ${name} with allow_connections false is_template true`);
  });
  return name;
}

function hashOfMigrations(): string {
  const hash = createHash('sha256');
  for (const file of readdirSync(MIGRATIONS).sort()) hash.update(file).update(readFileSync(join(MIGRATIONS, file)));
  return hash.digest('hex').slice(0, 12);
}

async function asAdmin<T>(work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: adminUrl(), application_name: 'apex tests' });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

function urlOf(database: string): string {
  const url = new URL(adminUrl());
  url.pathname = `/${database}`;
  return url.href;
}

function adminUrl(): string {
  const url = process.env['TEST_DATABASE_URL'];
  if (!url) throw new Error('TEST_DATABASE_URL is not set: run the tests with "./apex test", which starts a PostgreSQL for them.');
  return url;
}
