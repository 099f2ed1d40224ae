import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { createDatabase, migrate, type Database } from '../../src/entities/database.js';
import { createLogger } from '../../src/logger.js';

const TEMPLATE_LOCK = 4_927_015_640;
const TEMPLATE_PREFIX = 'apex_template_';
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
  await asAdmin((admin) => clone(admin, name));
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

/** A database whose tables belong to one role, and in which the server works as another. */
export interface TwoRoles extends TestDatabase {
  ownerUrl: string;
}

/** An empty database of two roles that are no superusers. `orm` is the ordinary role's; nothing is migrated yet. */
export async function createTwoRoleDatabase(): Promise<TwoRoles> {
  const id = randomBytes(8).toString('hex');
  const name = `apex_test_${id}`;
  const as = (role: string): string => {
    const url = new URL(urlOf(name));
    return Object.assign(url, { username: role, password: id }).href;
  };
  const [owner, ordinary] = [`apex_owner_${id}`, `apex_ordinary_${id}`];
  await asAdmin(async (admin) => {
    for (const role of [owner, ordinary]) await admin.query(`create role ${role} login password '${id}'`);
    await admin.query(`create database ${name} owner ${owner}`);
  });
  const orm = await createDatabase(as(ordinary), createLogger('silent'));
  return {
    url: as(ordinary),
    ownerUrl: as(owner),
    orm,
    drop: async () => {
      await orm.close(true);
      await asAdmin(async (admin) => {
        await admin.query(`drop database if exists ${name} with (force)`);
        for (const role of [owner, ordinary]) await admin.query(`drop role ${role}`);
      });
    },
  };
}

/** An empty database, for what is about migrations. */
export async function createEmptyDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `apex_test_${randomBytes(8).toString('hex')}`;
  await asAdmin((admin) => admin.query(`create database ${name}`));
  return { url: urlOf(name), drop: () => asAdmin(async (admin) => void (await admin.query(`drop database if exists ${name} with (force)`))) };
}

/** Several clone at once; whoever makes the template, or drops it for another, is alone. */
async function clone(admin: pg.Client, name: string): Promise<void> {
  const template = `${TEMPLATE_PREFIX}${hashOfMigrations()}`;
  for (;;) {
    await admin.query(`select pg_advisory_lock_shared(${TEMPLATE_LOCK})`);
    const { rowCount } = await admin.query('select 1 from pg_database where datname = $1 and datistemplate', [template]);
    if (rowCount) return void (await admin.query(`create database ${name} template ${template}`));
    await admin.query(`select pg_advisory_unlock_shared(${TEMPLATE_LOCK})`);
    await makeTemplate(admin, template);
  }
}

async function makeTemplate(admin: pg.Client, name: string): Promise<void> {
  await admin.query(`select pg_advisory_lock(${TEMPLATE_LOCK})`);
  try {
    const { rows } = await admin.query<{ datname: string }>(`select datname from pg_database where starts_with(datname, $1)`, [TEMPLATE_PREFIX]);
    if (rows.some(({ datname }) => datname === name)) return;
    for (const { datname } of rows) {
      await admin.query(`alter database ${datname} is_template false`);
      await admin.query(`drop database ${datname}`);
    }
    const draft = `apex_draft_${randomBytes(8).toString('hex')}`;
    await admin.query(`create database ${draft}`);
    const orm = await createDatabase(urlOf(draft), createLogger('silent'));
    await migrate(orm).finally(() => orm.close(true));
    await admin.query(`alter database ${draft} with allow_connections false is_template true`);
    await admin.query(`alter database ${draft} rename to ${name}`);
  } finally {
    await admin.query(`select pg_advisory_unlock(${TEMPLATE_LOCK})`);
  }
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
