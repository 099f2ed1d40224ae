import type { Authenticate } from '../auth/authenticate.js';
import type { Actor } from '../context.js';
import { ApexError } from '../errors.js';
import type { Events } from '../events.js';
import type { Logger } from '../logger.js';

/** Expiry is not announced by anyone, so it is looked for this often. */
const RECHECK_MS = 15_000;

/** Whose access something stays open on. */
export interface Access {
  authorization: string | undefined;
  session?: string | undefined;
  actor: Actor;
}

interface Held {
  access: Access | null;
  end: () => void;
}

/** All that is open for longer than one answer: it ends with the server, and a socket also with its client's access. */
export class OpenStreams {
  private readonly held = new Set<Held>();
  private readonly stopped = new AbortController();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly authenticate: Authenticate,
    private readonly logger: Logger,
  ) {
    this.timer = setInterval(() => void this.recheck(() => true), RECHECK_MS);
    this.timer.unref();
  }

  /** `end` is called when the server stops, or the access (where one is given) ends; the answer lets go of it. */
  hold(end: () => void, access: Access | null = null): () => void {
    if (this.stopped.signal.aborted) end();
    const one: Held = { access, end };
    this.held.add(one);
    return () => void this.held.delete(one);
  }

  /** Ends sockets within moments of a revocation, on whichever server it happened. */
  async watch(events: Events): Promise<void> {
    for await (const event of events.subscribe('access.ended', this.stopped.signal)) {
      const { tokenId = null, accountId = null } = event ?? {};
      await this.recheck(({ actor }) => 'tokenId' in actor && (tokenId === null || actor.tokenId === tokenId) && (accountId === null || (actor.kind === 'account' && actor.accountId === accountId)));
    }
  }

  stop(): void {
    clearInterval(this.timer);
    this.stopped.abort();
    for (const { end } of this.held) end();
    this.held.clear();
  }

  private async recheck(concerns: (access: Access) => boolean): Promise<void> {
    const concerned = [...this.held].filter(({ access }) => access !== null && concerns(access));
    await Promise.all(concerned.map(async (one) => (await this.isRefused(one.access as Access)) && this.held.has(one) && one.end()));
  }

  private async isRefused({ authorization, session, actor }: Access): Promise<boolean> {
    if (!('tokenId' in actor)) return false;
    try {
      await this.authenticate(authorization, session);
      return false;
    } catch (error) {
      if (error instanceof ApexError && error.code === 'UNAUTHENTICATED') return true;
      // A database that is away says nothing about the access.
      this.logger.warn({ error: error instanceof Error ? error.message : 'unknown' }, 'the access of an open stream could not be checked');
      return false;
    }
  }
}
