import type { Authenticate } from '../auth/authenticate.js';
import type { Actor } from '../context.js';
import { ApexError } from '../errors.js';
import type { Events } from '../events.js';
import type { Logger } from '../logger.js';

/** For what was neither announced nor foreseen: a notification that was lost on its way. */
const RECHECK_MS = 15_000;
const SOON_MS = 100;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Whose access something stays open on. */
export interface Access {
  authorization: string | undefined;
  session?: string | undefined;
  actor: Actor;
}

interface Held {
  access: Access | null;
  end: () => void;
  expiry?: NodeJS.Timeout;
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
    this.awaitExpiry(one);
    return () => {
      clearTimeout(one.expiry);
      this.held.delete(one);
    };
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
    for (const { end, expiry } of this.held) {
      clearTimeout(expiry);
      end();
    }
    this.held.clear();
  }

  /** Nobody announces that a token's time is over. The database's clock decides; what is not over by it yet is looked at again. */
  private awaitExpiry(one: Held): void {
    const { expiresAt } = one.access?.actor && 'expiresAt' in one.access.actor ? one.access.actor : {};
    if (!expiresAt) return;
    const left = Math.max(SOON_MS, expiresAt.getTime() - Date.now());
    one.expiry = setTimeout(() => void this.recheck((access) => access === one.access).then(() => this.held.has(one) && this.awaitExpiry(one)), Math.min(left, LONGEST_TIMER_MS));
    one.expiry.unref();
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
