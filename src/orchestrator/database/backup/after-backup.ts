import { LockMode, type EntityManager } from '@mikro-orm/postgresql';
import { BackupState } from '../../../entities/backup-state.js';
import type { Backup } from '../../../entities/backup.js';
import { DatabaseState } from '../../../entities/database-state.js';
import { ManagedDatabase } from '../../../entities/managed-database.js';
import type { WakeQueue } from '../../../queue/wake-queue.js';
import type { Outcome } from './long-work.js';

const NOT_DELETED = 'The database was not deleted. Delete it again once that is mended, or without a final backup (finalBackup: false): its volume is kept for 7 days all the same.';
const LINKED = 'The database was not deleted: a service was linked to it meanwhile.';

/** In the transaction that ends a backup: one that failed is to be told to its team, and a final one that is whole lets its database go. */
export async function afterBackup(tx: EntityManager, backup: Backup, outcome: Outcome, queue: Pick<WakeQueue, 'wake'>): Promise<Outcome & { noticeDueAt?: Date }> {
  const database = await tx.findOne(ManagedDatabase, { id: backup.databaseId }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
  if (!database || database.deletedAt) return outcome;
  const told = outcome.state === BackupState.FAILED ? { ...outcome, message: withCause(outcome.message ?? '', database), noticeDueAt: new Date() } : outcome;
  if (database.finalBackupId !== backup.id) return told;
  database.finalBackupId = null;
  const message = outcome.state === BackupState.FAILED ? `${told.message ?? ''} ${NOT_DELETED}`.trim() : (await isLinked(tx, database.id)) ? LINKED : null;
  if (message === null) database.markDeleted(new Date());
  await tx.flush();
  if (message === null) await queue.wake(tx, `database/${database.id}`);
  return { ...told, message };
}

async function isLinked(tx: EntityManager, databaseId: string): Promise<boolean> {
  const rows = await tx.execute<unknown[]>('select 1 from variable join service on service.id = variable.service_id where variable.database_id = ? and variable.replaced_at is null and service.deleted_at is null limit 1', [databaseId]);
  return rows.length > 0;
}

/** An engine whose storage is full says many things, and seldom that. */
function withCause(message: string, { status, statusMessage }: ManagedDatabase): string {
  return status === DatabaseState.STORAGE_FULL && statusMessage !== null && !message.includes(statusMessage) ? `${message} ${statusMessage}`.trim() : message;
}
