import { LockMode, type EntityManager } from '@mikro-orm/postgresql';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { Actor } from '../../context.js';
import { assertDatabaseMove, DatabaseState } from '../../entities/database-state.js';
import { ManagedDatabase } from '../../entities/managed-database.js';
import { badRequest, notFound } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';

/** The database, locked until the transaction ends, where the actor may do `coordinate` to it. Throws NOT_FOUND or FORBIDDEN. */
export async function lockDatabase(tx: EntityManager, actor: Actor, coordinate: string, id: string): Promise<ManagedDatabase> {
  await requireAccess(tx, actor, coordinate, 'database', id);
  const database = await tx.findOne(ManagedDatabase, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (!database) throw notFound();
  return database;
}

/** Throws BAD_REQUEST for a database that was deleted, or is being deleted. */
export function refuseDeleted(database: ManagedDatabase): void {
  if (database.deletedAt) throw badRequest(`The database "${database.name}" is deleted. Restore it first (undeleteDatabase), until ${database.purgeAt?.toISOString() ?? 'it is gone'}.`);
  if (database.finalBackupId) throw badRequest(`The database "${database.name}" is being deleted, once its final backup is made. To keep it, restore it first (undeleteDatabase).`);
}

/** The row says something new: until the reconciler has seen to it, the database is being updated. */
export async function changeDatabase(tx: EntityManager, database: ManagedDatabase, orchestrator: Orchestrator): Promise<void> {
  if (database.deletedAt) database.status = DatabaseState.DELETED;
  else if (database.status !== DatabaseState.PROVISIONING) {
    assertDatabaseMove(database.status, DatabaseState.UPDATING === database.status ? database.status : DatabaseState.UPDATING);
    database.status = DatabaseState.UPDATING;
  }
  database.statusMessage = null;
  database.generation += 1;
  await tx.flush();
  await orchestrator.wake(tx, `database/${database.id}`);
}
