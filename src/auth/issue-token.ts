import type { EntityManager } from '@mikro-orm/postgresql';
import type { TokenScope } from '../context.js';
import { newId } from '../entities/columns.js';
import type { Role } from '../entities/roles.js';
import { Token, TokenKind } from '../entities/token.js';
import { hashToken, newTokenSecret, prefixOf } from './token-secret.js';

export interface TokenWish {
  kind?: TokenKind;
  /** Null for a machine. */
  accountId: string | null;
  teamId: string | null;
  serviceId?: string | null;
  /** A machine's. */
  role?: Role | null;
  name: string;
  scopes: readonly TokenScope[];
  expiresAt: Date | null;
}

/** Writes a token's row and answers it with the secret, which nothing keeps. */
export async function issueToken(em: EntityManager, wish: TokenWish): Promise<{ token: Token; secret: string }> {
  const secret = newTokenSecret();
  const token = em.create(Token, {
    kind: TokenKind.ACCOUNT,
    serviceId: null,
    role: null,
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
