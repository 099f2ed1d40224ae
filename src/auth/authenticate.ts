import type { Actor, TokenScope } from '../context.js';
import type { Database } from '../entities/database.js';
import { readPrepared } from '../entities/prepared-read.js';
import { unauthenticated } from '../errors.js';
import { bearerToken, hashToken } from './token-secret.js';

/** Who a request is from, by its Authorization header. Throws UNAUTHENTICATED. */
export type Authenticate = (authorizationHeader: string | undefined) => Promise<Actor>;

/** The use of a token is written down at most this often. */
const USE_INTERVAL = "interval '1 minute'";

const FIND = `
  select token.id, token.account_id, token.team_id, token.scopes, account.is_operator,
    token.last_used_at is null or token.last_used_at < now() - ${USE_INTERVAL} as unnoted
  from token join account on account.id = token.account_id
  where token.hash = ? and token.revoked_at is null and (token.expires_at is null or token.expires_at > now()) and account.deleted_at is null`;

const NOTE_USE = `update token set last_used_at = now() where id = ? and (last_used_at is null or last_used_at < now() - ${USE_INTERVAL})`;

interface Row {
  id: string;
  account_id: string;
  team_id: string | null;
  scopes: string[];
  is_operator: boolean;
  unnoted: boolean;
}

/** One indexed statement for each request, and nothing remembered: a revoked token is refused from its next use on. */
export function createAuthenticator(orm: Database): Authenticate {
  return async (authorizationHeader) => {
    const secret = bearerToken(authorizationHeader);
    if (!secret) throw unauthenticated();
    const [row] = await readPrepared<Row>(orm.em, FIND, [hashToken(secret)]);
    if (!row) throw unauthenticated();
    if (row.unnoted) await orm.em.getConnection().execute(NOTE_USE, [row.id], 'run');
    return {
      kind: 'account',
      accountId: row.account_id,
      tokenId: row.id,
      scopes: new Set(row.scopes as TokenScope[]),
      teamId: row.team_id,
      isOperator: row.is_operator,
    };
  };
}
