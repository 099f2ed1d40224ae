import type { EntityManager } from '@mikro-orm/postgresql';
import type { BackupTrigger } from '../../entities/backup-trigger.js';
import { Backup } from '../../entities/backup.js';
import type { ManagedDatabase } from '../../entities/managed-database.js';
import type { Orchestrator } from '../../orchestrator/port.js';

/** A backup of a (locked) database, begun in the caller's transaction. */
export async function beginBackup(tx: EntityManager, { id: databaseId, teamId, type: engine, version }: ManagedDatabase, trigger: BackupTrigger, orchestrator: Orchestrator): Promise<Backup> {
  const backup = Object.assign(new Backup(), { teamId, databaseId, engine, version, trigger });
  await tx.persist(backup).flush();
  await orchestrator.wake(tx, `backup/${backup.id}`);
  return backup;
}
