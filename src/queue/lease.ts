import { randomUUID } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Fence } from '../entities/fence.js';
import type { Logger } from '../logger.js';

const LEASE_SECONDS = 15;
const RENEW_MS = 5_000;

/** A held lease. `signal` aborts as soon as it can no longer be relied on. */
export interface HeldLease {
  readonly fence: Fence;
  readonly signal: AbortSignal;
}

/**
 * Runs `work` while holding the lease of `key`; null when another worker holds it. The database's clock decides about
 * expiry for everyone; the own clock only ever ends a lease earlier (a process that was stopped for a while).
 */
export async function withLease<T>(orm: MikroORM, key: string, logger: Logger, work: (lease: HeldLease) => Promise<T>): Promise<T | null> {
  const holder = randomUUID();
  let since = performance.now();
  const fence = await acquire(orm, key, holder);
  if (!fence) return null;
  const lost = new AbortController();
  const renewal = setInterval(() => {
    if (performance.now() - since > LEASE_SECONDS * 1000) return lost.abort(new Error('The lease ran out'));
    const asked = performance.now();
    renew(orm, fence).then(
      (renewed) => (renewed ? (since = asked) : lost.abort(new Error('The lease was taken over'))),
      (error: unknown) => logger.warn({ err: error, key }, 'a lease could not be renewed'),
    );
  }, RENEW_MS);
  try {
    return await work({ fence, signal: lost.signal });
  } finally {
    clearInterval(renewal);
    await release(orm, fence).catch((error: unknown) => logger.warn({ err: error, key }, 'a lease could not be given back and will run out'));
  }
}

async function acquire(orm: MikroORM, key: string, holder: string): Promise<Fence | null> {
  const rows = await orm.em.fork().execute<{ fence: number }[]>(
    `insert into lease (key, holder, fence, expires_at) values (?, ?, 1, now() + make_interval(secs => ?))
     on conflict (key) do update set holder = excluded.holder, fence = lease.fence + 1, expires_at = excluded.expires_at
     where lease.expires_at <= now() returning fence`,
    [key, holder, LEASE_SECONDS],
  );
  return rows[0] ? { key, holder, fence: rows[0].fence } : null;
}

async function renew(orm: MikroORM, fence: Fence): Promise<boolean> {
  const rows = await orm.em.fork().execute<unknown[]>(
    'update lease set expires_at = now() + make_interval(secs => ?) where key = ? and holder = ? and fence = ? returning 1',
    [LEASE_SECONDS, fence.key, fence.holder, fence.fence],
  );
  return rows.length === 1;
}

/** Rounded down: the column keeps milliseconds, and a lease rounded up would be held for a moment longer. */
async function release(orm: MikroORM, fence: Fence): Promise<void> {
  await orm.em.fork().execute(`update lease set expires_at = date_trunc('milliseconds', now()) where key = ? and holder = ? and fence = ?`, [fence.key, fence.holder, fence.fence], 'run');
}
