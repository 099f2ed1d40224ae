import type { EntityManager } from '@mikro-orm/postgresql';
import type { Condition } from '../../auth/tenant-scope.js';
import type { Environment } from '../../entities/environment.js';
import type { ManagedDatabase } from '../../entities/managed-database.js';
import { readPrepared } from '../../entities/prepared-read.js';
import { notFound } from '../../errors.js';
import type { PageWish } from '../../schema/page.js';

/** A database as a list shows it: a plain object with the fields of the schema, and nothing of its credentials. */
export type DatabaseRow = Pick<
  ManagedDatabase,
  'id' | 'teamId' | 'name' | 'type' | 'version' | 'size' | 'resources' | 'storage' | 'status' | 'statusMessage' | 'paused' | 'createdAt' | 'deletedAt' | 'purgeAt'
> & { environment: Pick<Environment, 'id' | 'teamId' | 'name' | 'kind' | 'protected' | 'createdAt'> };

const SELECT = `
  select d.id, d.team_id, d.environment_id, d.name, d.type, d.version, d.size, d.resources, d.storage, d.status, d.status_message, d.paused, d.created_at,
    d.deleted_at, d.purge_at, environment.name as environment_name, environment.kind as environment_kind, environment.protected as environment_protected, environment.created_at as environment_created_at
  from managed_database d join environment on environment.id = d.environment_id`;

/** Databases, oldest first, in one statement; one more than the limit where there are more. The table is `d`. */
export async function readDatabases(em: EntityManager, conditions: readonly Condition[], page: PageWish): Promise<DatabaseRow[]> {
  const all = [...conditions];
  if (page.after) all.push({ sql: '(d.created_at, d.id) > (?, ?)', params: [page.after.createdAt, page.after.id] });
  const sql = `${SELECT} where ${all.map((condition) => condition.sql).join(' and ')} order by d.created_at, d.id${page.limit === null ? '' : ' limit ?'}`;
  const rows = await readPrepared<Record<string, unknown>>(em, sql, [...all.flatMap(({ params }) => params), ...(page.limit === null ? [] : [page.limit + 1])]);
  return rows.map(databaseOf);
}

/** The database as the caller's transaction sees it. */
export async function readDatabase(em: EntityManager, id: string): Promise<DatabaseRow> {
  const [database] = await readDatabases(em, [{ sql: 'd.id = ?', params: [id] }], { limit: null, after: null });
  if (!database) throw notFound();
  return database;
}

function databaseOf(row: Record<string, any>): DatabaseRow {
  return {
    id: row['id'],
    teamId: row['team_id'],
    name: row['name'],
    type: row['type'],
    version: row['version'],
    size: row['size'],
    resources: typeof row['resources'] === 'string' ? JSON.parse(row['resources']) : row['resources'],
    storage: row['storage'],
    status: row['status'],
    statusMessage: row['status_message'],
    paused: row['paused'],
    createdAt: new Date(row['created_at']),
    deletedAt: row['deleted_at'] === null ? null : new Date(row['deleted_at']),
    purgeAt: row['purge_at'] === null ? null : new Date(row['purge_at']),
    environment: { id: row['environment_id'], teamId: row['team_id'], name: row['environment_name'], kind: row['environment_kind'], protected: row['environment_protected'], createdAt: new Date(row['environment_created_at']) },
  };
}
