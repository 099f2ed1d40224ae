import type { EntityManager } from '@mikro-orm/postgresql';
import type { GraphQLResolveInfo } from 'graphql';
import { getGraphQLRateLimiter } from 'graphql-rate-limit';
import type { RequestContext } from '../context.js';
import { ApexError } from '../errors.js';

const WINDOW_MS = 60_000;

/** The package asks for the calls so far and then stores the new list, which is a race; here the asking stores, in one statement. */
const RECORD = `
  insert into costly_call as call (key, stamps, expires_at) values (:key, array[:now::bigint], :end)
  on conflict (key) do update set
    stamps = (
      select case when count(*) < :max then :now::bigint else -:now::bigint end || coalesce(array_agg(stamp order by stamp desc), '{}')
      from unnest(call.stamps) stamp where stamp > :now::bigint - ${WINDOW_MS}
    ),
    expires_at = excluded.expires_at
  returning stamps::text[] as stamps`;

const PRUNE = 'delete from costly_call where expires_at < now()';
const PRUNE_ONCE_IN = 100;

/** Keeps the calls of one identity. A refused call is kept as a negative number, so that it does not count. */
class CostlyCallStore {
  earlier: number[] = [];

  constructor(
    private readonly em: EntityManager,
    private readonly max: number,
  ) {}

  async getForIdentity({ contextIdentity, fieldIdentity }: { contextIdentity: string; fieldIdentity: string }): Promise<number[]> {
    const now = Date.now();
    const params = { key: `${fieldIdentity} ${contextIdentity}`, now, max: this.max, end: new Date(now + WINDOW_MS) };
    const [row] = await this.em.execute<{ stamps: string[] }[]>(...bound(RECORD, params));
    this.earlier = row!.stamps.slice(1).map(Number);
    if (Math.random() * PRUNE_ONCE_IN < 1) await this.em.execute(PRUNE);
    return this.earlier;
  }

  setForIdentity(): void {
    // getForIdentity has done it
  }
}

/** Throws RATE_LIMITED when the caller (or whom `identity` names) used a costly field more than `max` times in the last minute, over all servers and addresses. */
export async function limitCostlyField(em: EntityManager, context: RequestContext, info: Pick<GraphQLResolveInfo, 'fieldName'>, max: number, identity = identityOf(context)): Promise<void> {
  const store = new CostlyCallStore(em, max);
  const limiter = getGraphQLRateLimiter({ store, identifyContext: () => identity });
  const refused = await limiter({ parent: null, args: {}, context, info: info as GraphQLResolveInfo }, { max, window: `${WINDOW_MS}ms` });
  if (!refused) return;
  const freeAt = (store.earlier[max - 1] ?? Date.now()) + WINDOW_MS;
  throw new ApexError('RATE_LIMITED', 'This was asked for too often; wait a moment.', { retryAfterSeconds: Math.max(1, Math.ceil((freeAt - Date.now()) / 1000)) });
}

function bound(sql: string, params: Record<string, unknown>): [string, unknown[]] {
  const values: unknown[] = [];
  const text = sql.replace(/(?<!:):(\w+)/g, (_, name: string) => {
    values.push(params[name]);
    return '?';
  });
  return [text, values];
}

function identityOf({ actor, ip }: RequestContext): string {
  if (actor.kind === 'account') return actor.accountId;
  return actor.kind === 'machine' ? actor.tokenId : ip;
}
