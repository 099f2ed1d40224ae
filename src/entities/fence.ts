import type { EntityManager } from '@mikro-orm/postgresql';

/** Proof that a worker held the lease of a key. It goes with each write, which fails once another holds the key. */
export interface Fence {
  key: string;
  holder: string;
  fence: number;
}

/** Another worker holds the key now: whatever this one was about to write is stale. */
export class LeaseLost extends Error {
  constructor(readonly key: string) {
    super('The lease of a key was lost to another worker');
    this.name = 'LeaseLost';
  }
}

/**
 * Throws `LeaseLost` unless the fence is still the newest. Call it first in the transaction of the write: the row stays
 * locked until the commit, so nobody can take the key over in between.
 */
export async function requireFence(tx: EntityManager, fence: Fence): Promise<void> {
  const rows = await tx.execute<unknown[]>('select 1 from lease where key = ? and holder = ? and fence = ? for share', [
    fence.key,
    fence.holder,
    fence.fence,
  ]);
  if (rows.length === 0) throw new LeaseLost(fence.key);
}
