import type { EntityManager } from '@mikro-orm/postgresql';
import type { Condition } from '../../auth/tenant-scope.js';
import type { Backup } from '../../entities/backup.js';
import type { Environment } from '../../entities/environment.js';
import type { ManagedDatabase } from '../../entities/managed-database.js';
import { readPrepared } from '../../entities/prepared-read.js';
import { notFound } from '../../errors.js';
import type { PageWish } from '../../schema/page.js';

/** A database as a list shows it: a plain object with the fields of the schema, and nothing of its credentials. */
export type DatabaseRow = Pick<
  ManagedDatabase,
  'id' | 'teamId' | 'name' | 'type' | 'version' | 'size' | 'resources' | 'storage' | 'status' | 'statusMessage' | 'paused' | 'createdAt' | 'deletedAt' | 'purgeAt' | 'finalBackupId'
> & { environment: Pick<Environment, 'id' | 'teamId' | 'name' | 'kind' | 'protected' | 'createdAt'>; lastBackup: Backup | null };

const SELECT = `
  select d.id, d.team_id, d.environment_id, d.name, d.type, d.version, d.size, d.resources, d.storage, d.status, d.status_message, d.paused, d.created_at,
    d.deleted_at, d.purge_at, d.final_backup_id, last.last_backup, environment.name as environment_name, environment.kind as environment_kind, environment.protected as environment_protected, environment.created_at as environment_created_at
  from managed_database d join environment on environment.id = d.environment_id
    left join lateral (
      select json_build_object('id', id, 'teamId', team_id, 'databaseId', database_id, 'state', state, 'trigger', trigger, 'engine', engine, 'version', version, 'size', size, 'contentSize', content_size,
        'sha256', sha256, 'place', place, 'message', message, 'createdAt', created_at, 'endedAt', ended_at) as last_backup
      from backup where backup.database_id = d.id and backup.deleted_at is null order by backup.created_at desc, backup.id desc limit 1
    ) last on true`;

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
    finalBackupId: row['final_backup_id'],
    lastBackup: lastBackupOf(row['last_backup']),
    environment: { id: row['environment_id'], teamId: row['team_id'], name: row['environment_name'], kind: row['environment_kind'], protected: row['environment_protected'], createdAt: new Date(row['environment_created_at']) },
  };
}

function lastBackupOf(value: unknown): Backup | null {
  const backup = (typeof value === 'string' ? JSON.parse(value) : value) as (Backup & { createdAt: string; endedAt: string | null }) | null;
  return backup && { ...backup, createdAt: new Date(backup.createdAt), endedAt: backup.endedAt === null ? null : new Date(backup.endedAt) };
}
