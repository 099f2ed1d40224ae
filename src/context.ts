import type { EntityManager } from '@mikro-orm/postgresql';
import type { Logger } from './logger.js';

/** What a token may be used for. `admin` covers `deploy`, which covers `read`. */
export const TOKEN_SCOPES = ['read', 'deploy', 'admin'] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];

/** Who is asking. */
export type Actor =
  | {
      kind: 'account';
      accountId: string;
      tokenId: string;
      scopes: ReadonlySet<TokenScope>;
      /** The token is held to this one team, where set. */
      teamId: string | null;
      /** The token is held to this one service, where set. */
      serviceId?: string | null;
      isOperator: boolean;
      /** The token is a session of the dashboard. */
      isSession?: boolean;
      /** When the token ends by itself, where it does. */
      expiresAt?: Date | null;
    }
  /** A team's machine: its role is its token's. */
  | { kind: 'machine'; tokenId: string; scopes: ReadonlySet<TokenScope>; teamId: string; serviceId?: string | null; expiresAt?: Date | null }
  /** A clock, the webhook or the reconciler: it queues and waits where an account would be refused for want of a cluster. */
  | { kind: 'system'; name: string }
  | { kind: 'anonymous' };

/** Through which door an operation came in. */
export type Door = 'rest' | 'graphql' | 'websocket' | 'sse' | 'webhook' | 'schedule';

/** One operation's context. It lives as long as the operation (a subscription's: as long as the subscription). */
export interface RequestContext {
  requestId: string;
  actor: Actor;
  door: Door;
  /** The client's address, after the configured number of trusted proxies. */
  ip: string;
  /** A fork of its own; a mutation forks again for its transaction. */
  em: EntityManager;
  logger: Logger;
  /** Aborted when the client has left or the deadline passed. */
  signal: AbortSignal;
  /** The client's name for this change: done once, and answered the same each time. */
  idempotencyKey?: string;
  /** Where the door has cookies: it keeps a session's secret in the client, or takes it away. */
  cookies?: SessionCookies | undefined;
}

/** The session cookie of a browser. */
export interface SessionCookies {
  start(secret: string, expiresAt: Date): void;
  end(): void;
}
