import type { EntityManager } from '@mikro-orm/postgresql';
import type { TokenScope } from '../context.js';
import { newId } from '../entities/columns.js';
import { Token } from '../entities/token.js';
import { hashToken, newTokenSecret, prefixOf } from './token-secret.js';

export interface TokenWish {
  accountId: string;
  teamId: string | null;
  name: string;
  scopes: readonly TokenScope[];
  expiresAt: Date | null;
}

/** Writes a token's row and answers it with the secret, which nothing keeps. */
export async function issueToken(em: EntityManager, wish: TokenWish): Promise<{ token: Token; secret: string }> {
  const secret = newTokenSecret();
  const token = em.create(Token, {
    ...wish,
    id: newId(),
    scopes: [...wish.scopes],
    hash: hashToken(secret),
    prefix: prefixOf(secret),
    revokedAt: null,
    lastUsedAt: null,
    createdAt: new Date(),
  });
  await em.persist(token).flush();
  return { token, secret };
}
