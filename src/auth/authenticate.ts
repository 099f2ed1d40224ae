import type { Actor, TokenScope } from '../context.js';
import type { Database } from '../entities/database.js';
import { readPrepared } from '../entities/prepared-read.js';
import { TokenKind } from '../entities/token.js';
import { unauthenticated } from '../errors.js';
import { bearerToken, hashToken, wellFormed } from './token-secret.js';

/**
 * Who a request is from: by its Authorization header or, where the door has cookies, by its session. A session's secret is
 * no bearer token, nor the other way round. Throws UNAUTHENTICATED.
 */
export type Authenticate = (authorizationHeader: string | undefined, session?: string | undefined) => Promise<Actor>;

/** The use of a token is written down at most this often. */
const USE_INTERVAL = "interval '1 minute'";

/** What makes a token good, beside its hash. One that is held to a team ends with the membership in it. */
export const IS_GOOD = `token.revoked_at is null and (token.expires_at is null or token.expires_at > now())
    and (token.kind = 'MACHINE' or account.id is not null)
    and (token.team_id is null or exists (select 1 from team where team.id = token.team_id and team.deleted_at is null))
    and (token.team_id is null or token.kind = 'MACHINE'
      or exists (select 1 from membership where membership.team_id = token.team_id and membership.account_id = token.account_id))
    and (token.service_id is null or exists (select 1 from service where service.id = token.service_id and service.deleted_at is null))`;

const FIND = `
  select token.id, token.kind, token.account_id, token.team_id, token.service_id, token.scopes, token.expires_at, account.is_operator,
    token.last_used_at is null or token.last_used_at < now() - ${USE_INTERVAL} as unnoted
  from token left join account on account.id = token.account_id and account.deleted_at is null
  where token.hash = ? and (token.kind = 'SESSION') = ? and ${IS_GOOD}`;

const NOTE_USE = `update token set last_used_at = now() where id = ? and (last_used_at is null or last_used_at < now() - ${USE_INTERVAL})`;

interface Row {
  id: string;
  kind: TokenKind;
  account_id: string;
  team_id: string | null;
  service_id: string | null;
  scopes: TokenScope[];
  expires_at: string | Date | null;
  is_operator: boolean;
  unnoted: boolean;
}

/** One indexed statement for each request, and nothing remembered: a revoked token is refused from its next use on. */
export function createAuthenticator(orm: Database): Authenticate {
  return async (authorizationHeader, session) => {
    const isSession = authorizationHeader === undefined && session !== undefined;
    const secret = isSession ? wellFormed(session) : bearerToken(authorizationHeader);
    if (!secret) throw unauthenticated();
    const [row] = await readPrepared<Row>(orm.em, FIND, [hashToken(secret), isSession]);
    if (!row) throw unauthenticated();
    if (row.unnoted) await orm.em.getConnection().execute(NOTE_USE, [row.id], 'run');
    return actorOf(row);
  };
}

function actorOf(row: Row): Actor {
  const token = { tokenId: row.id, scopes: new Set(row.scopes), serviceId: row.service_id, expiresAt: row.expires_at === null ? null : new Date(row.expires_at) };
  if (row.kind === TokenKind.MACHINE) return { kind: 'machine', ...token, teamId: row.team_id as string };
  return { kind: 'account', ...token, accountId: row.account_id, teamId: row.team_id, isOperator: row.is_operator, isSession: row.kind === TokenKind.SESSION };
}
