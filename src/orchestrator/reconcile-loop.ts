import type { MikroORM } from '@mikro-orm/postgresql';
import { LeaseLost } from '../entities/fence.js';
import type { Logger } from '../logger.js';
import { withLease, type HeldLease } from '../queue/lease.js';
import type { LookResult } from '../queue/wake-queue.js';
import { ClusterAway } from './cluster-access.js';
import type { ClusterState } from './port.js';

const CLUSTER_AWAY_SECONDS = 5;
const LEASE_TAKEN_SECONDS = 2;

export interface Reconcilers {
  service: { look(id: string, lease: HeldLease): Promise<LookResult> };
  database: { look(id: string, lease: HeldLease): Promise<LookResult> };
  environment: { look(id: string, lease: HeldLease): Promise<LookResult> };
  backup: { look(id: string, lease: HeldLease): Promise<LookResult> };
  restore: { look(id: string, lease: HeldLease): Promise<LookResult> };
  recoveryLog: { look(id: string, lease: HeldLease): Promise<LookResult> };
  recoveryBase: { look(id: string, lease: HeldLease): Promise<LookResult> };
}

/** Answers one wake-up: with the key's lease held, and only while there is a cluster to look at. */
export async function reconcile(key: string, signal: AbortSignal, parts: { orm: MikroORM; logger: Logger; state: () => ClusterState; reconcilers: Reconcilers }): Promise<LookResult> {
  if (parts.state().kind !== 'ready') return { again: 'later', seconds: CLUSTER_AWAY_SECONDS };
  const [kind, id] = key.split('/');
  if (!id || !isKind(kind, parts.reconcilers)) {
    parts.logger.error({ key }, 'a wake-up has a key that nobody knows');
    return { again: 'never' };
  }
  try {
    const result = await withLease(parts.orm, key, parts.logger, (lease) =>
      parts.reconcilers[kind].look(id, { fence: lease.fence, signal: AbortSignal.any([lease.signal, signal]) }),
    );
    return result ?? { again: 'later', seconds: LEASE_TAKEN_SECONDS };
  } catch (error) {
    if (error instanceof LeaseLost) return { again: 'later', seconds: LEASE_TAKEN_SECONDS };
    if (error instanceof ClusterAway) return { again: 'later', seconds: CLUSTER_AWAY_SECONDS };
    throw error;
  }
}

const isKind = (kind: string | undefined, reconcilers: Reconcilers): kind is keyof Reconcilers => kind !== undefined && Object.hasOwn(reconcilers, kind);
