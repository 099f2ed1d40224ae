import type { EntityManager } from '@mikro-orm/postgresql';
import { BackupState } from '../../entities/backup-state.js';
import { Backup } from '../../entities/backup.js';
import type { ManagedDatabase } from '../../entities/managed-database.js';
import { Restore } from '../../entities/restore.js';
import { badRequest } from '../../errors.js';
import { refuseDeleted } from './lock-database.js';

/** Why the content of a (locked) database cannot be read or replaced now, in a sentence; null where it can. */
export async function whyBusy(tx: EntityManager, database: ManagedDatabase): Promise<string | null> {
  if (database.paused) return `The database "${database.name}" is paused: resume it first.`;
  if ((await tx.count(Restore, { databaseId: database.id, state: BackupState.RUNNING })) > 0) return `The database "${database.name}" is being restored: wait until that has ended.`;
  if ((await tx.count(Backup, { databaseId: database.id, state: BackupState.RUNNING, deletedAt: null })) > 0) return `A backup of the database "${database.name}" is being made: wait until that has ended.`;
  return null;
}

/** Throws BAD_REQUEST where the content of a (locked) database cannot be read or replaced now. */
export async function refuseBusy(tx: EntityManager, database: ManagedDatabase): Promise<void> {
  refuseDeleted(database);
  const why = await whyBusy(tx, database);
  if (why) throw badRequest(why);
}
