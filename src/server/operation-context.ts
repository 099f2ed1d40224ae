import type { EntityManager } from '@mikro-orm/postgresql';
import type { Authenticate } from '../auth/authenticate.js';
import type { Actor, Door, RequestContext, SessionCookies } from '../context.js';
import type { Database } from '../entities/database.js';
import { ApexError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { OpenStreams } from './open-streams.js';
import type { Scope } from './scope.js';

/** Calls `left` when the client has left: the request, the socket or the subscription is over. */
export type OnLeave = (left: () => void) => void;

/** What contexts are made of. */
export interface ContextParts {
  orm: Database;
  authenticate: Authenticate;
  streams: OpenStreams;
  logger: Logger;
}

/** One operation's context. What few operations need (entity manager, logger, signal) is made when it is first asked for. */
export class OperationContext implements RequestContext {
  readonly requestId: string;
  readonly ip: string;
  idempotencyKey?: string;
  private ownEm: EntityManager | undefined;
  private ownLogger: Logger | undefined;
  private ownSignal: AbortSignal | undefined;

  constructor(
    private readonly parts: ContextParts,
    scope: Scope,
    readonly door: Door,
    readonly actor: Actor,
    private readonly onLeave: OnLeave,
    readonly cookies?: SessionCookies,
  ) {
    this.requestId = scope.requestId;
    this.ip = scope.ip;
  }

  get em(): EntityManager {
    return (this.ownEm ??= this.parts.orm.em.fork());
  }

  get logger(): Logger {
    return (this.ownLogger ??= this.parts.logger.child({ requestId: this.requestId }));
  }

  /** Who asks for the signal means to stay: it also aborts when the server stops. (The end of an access is told by the resolver.) */
  get signal(): AbortSignal {
    return (this.ownSignal ??= this.watched());
  }

  private watched(): AbortSignal {
    const controller = new AbortController();
    const end = (): void => controller.abort();
    const letGo = this.parts.streams.hold(end);
    this.onLeave(() => {
      letGo();
      end();
    });
    return controller.signal;
  }
}

/** What a request shows of who sends it. */
export interface Credentials {
  authorization: string | undefined;
  /** Of a cookie, where the door takes them. */
  session?: string | undefined;
}

/** Who is asking: nobody where there is no header and no session that still holds. Throws UNAUTHENTICATED where the header is of no use. */
export async function actorOf({ authenticate }: Pick<ContextParts, 'authenticate'>, { authorization, session }: Credentials): Promise<Actor> {
  if (authorization !== undefined) return authenticate(authorization);
  if (session === undefined) return { kind: 'anonymous' };
  // Whose session is over still has the cookie when signing in anew.
  return authenticate(undefined, session).catch((error: unknown) => {
    if (error instanceof ApexError && error.code === 'UNAUTHENTICATED') return { kind: 'anonymous' } as const;
    throw error;
  });
}
