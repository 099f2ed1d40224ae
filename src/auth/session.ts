import type { EntityManager } from '@mikro-orm/postgresql';
import { TOKEN_SCOPES, type RequestContext } from '../context.js';
import { TokenKind } from '../entities/token.js';
import { forbidden } from '../errors.js';
import { issueToken } from './issue-token.js';

const SESSION_DAYS = 14;
const DAY_MS = 86_400_000;

/** Begins a session of the dashboard: its secret goes into the client's cookie, once the transaction is through, and nowhere else. */
export async function beginSession(tx: EntityManager, context: RequestContext, accountId: string): Promise<() => void> {
  const { cookies } = context;
  if (!cookies) throw forbidden('A session begins over GraphQL and HTTP, where there are cookies. Elsewhere use a token.');
  const expiresAt = new Date(Date.now() + SESSION_DAYS * DAY_MS);
  const { secret } = await issueToken(tx, { kind: TokenKind.SESSION, accountId, teamId: null, name: 'Dashboard', scopes: TOKEN_SCOPES, expiresAt });
  return () => cookies.start(secret, expiresAt);
}
