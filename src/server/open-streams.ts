import type { Authenticate } from '../auth/authenticate.js';
import type { Actor } from '../context.js';
import { ApexError } from '../errors.js';
import type { Events } from '../events.js';
import type { Logger } from '../logger.js';

/** Expiry is not announced by anyone, so it is looked for this often. */
const RECHECK_MS = 15_000;

interface Held {
  authorization: string | undefined;
  actor: Actor;
  end: () => void;
}

/** All that is open for longer than one answer: it ends with its client's access, or with the server. */
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

  /** `end` is called when the access or the server ends; the answer lets go of it. */
  hold(authorization: string | undefined, actor: Actor, end: () => void): () => void {
    if (this.stopped.signal.aborted) end();
    const one: Held = { authorization, actor, end };
    this.held.add(one);
    return () => void this.held.delete(one);
  }

  /** Ends streams within moments of a revocation, on whichever server it happened. */
  async watch(events: Events): Promise<void> {
    for await (const event of events.subscribe('access.ended', this.stopped.signal)) {
      const { tokenId = null, accountId = null } = event ?? {};
      await this.recheck(({ actor }) => actor.kind === 'account' && (tokenId === null || actor.tokenId === tokenId) && (accountId === null || actor.accountId === accountId));
    }
  }

  stop(): void {
    clearInterval(this.timer);
    this.stopped.abort();
    for (const { end } of this.held) end();
    this.held.clear();
  }

  private async recheck(concerns: (held: Held) => boolean): Promise<void> {
    const concerned = [...this.held].filter(concerns);
    await Promise.all(concerned.map(async (one) => (await this.isRefused(one)) && this.held.has(one) && one.end()));
  }

  private async isRefused({ authorization, actor }: Held): Promise<boolean> {
    if (actor.kind !== 'account') return false;
    try {
      await this.authenticate(authorization);
      return false;
    } catch (error) {
      if (error instanceof ApexError && error.code === 'UNAUTHENTICATED') return true;
      // A database that is away says nothing about the access.
      this.logger.warn({ error: error instanceof Error ? error.message : 'unknown' }, 'the access of an open stream could not be checked');
      return false;
    }
  }
}
