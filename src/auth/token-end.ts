import type { EntityManager } from '@mikro-orm/postgresql';
import { IS_GOOD } from './authenticate.js';

/** When a token ends, or that it has. Of its account too: a deleted account's tokens have ended. */
export async function tokenEnd(em: EntityManager, tokenId: string): Promise<Date | 'never' | 'ended'> {
  const [row] = await em.execute<{ expires_at: string | null }[]>(
    `select token.expires_at from token left join account on account.id = token.account_id and account.deleted_at is null where token.id = ? and ${IS_GOOD}`,
    [tokenId],
  );
  if (!row) return 'ended';
  return row.expires_at === null ? 'never' : new Date(row.expires_at);
}
