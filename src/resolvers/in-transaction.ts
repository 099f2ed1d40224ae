import type { EntityManager } from '@mikro-orm/postgresql';
import type { RequestContext } from '../context.js';

/**
 * A mutation's transaction, on an EntityManager of its own. Where the context is already within one (a call that carries
 * an idempotency key), it takes part in that: both commit together, or neither does.
 */
export const inTransaction = <T>({ em }: RequestContext, work: (tx: EntityManager) => Promise<T>): Promise<T> =>
  em.fork({ keepTransactionContext: true }).transactional(work);
