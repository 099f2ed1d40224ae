import type { EntityManager } from '@mikro-orm/postgresql';

/** When a token ends, or that it has. Of its account too: a deleted account's tokens have ended. */
export async function tokenEnd(em: EntityManager, tokenId: string): Promise<Date | 'never' | 'ended'> {
  const [row] = await em.execute<{ expires_at: string | null }[]>(
    `select token.expires_at from token join account on account.id = token.account_id
     where token.id = ? and token.revoked_at is null and (token.expires_at is null or token.expires_at > now()) and account.deleted_at is null`,
    [tokenId],
  );
  if (!row) return 'ended';
  return row.expires_at === null ? 'never' : new Date(row.expires_at);
}
