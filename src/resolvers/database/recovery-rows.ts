import type { EntityManager } from '@mikro-orm/postgresql';
import type { PointInTimeRecovery } from '../../entities/point-in-time-recovery.js';
import { earliestOf } from '../../entities/recovery-plan.js';

/** The row with what is counted of its parts. */
export async function readRecovery(em: EntityManager, recovery: PointInTimeRecovery): Promise<PointInTimeRecovery> {
  const { databaseId } = recovery;
  recovery.earliest = await earliestOf(em, databaseId);
  const [row] = await em.execute<{ bytes: number }[]>('select coalesce(sum(size), 0) as bytes from recovery_part where database_id = ?', [databaseId]);
  recovery.storedBytes = Number(row?.bytes ?? 0);
  return recovery;
}
