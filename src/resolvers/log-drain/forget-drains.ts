import type { EntityManager } from '@mikro-orm/postgresql';
import { LogDrain } from '../../entities/log-drain.js';

/** Takes drains away, and the places where they were. What they have not sent stays unsent. */
export async function forgetDrains(tx: EntityManager, which: { id: string } | { teamId: string }): Promise<void> {
  const drains = await tx.find(LogDrain, which, { disableIdentityMap: true });
  for (const { id } of drains) await tx.execute('delete from log_drain_position where drain = ?', [id], 'run');
  await tx.nativeDelete(LogDrain, which);
}
