import type { EntityManager } from '@mikro-orm/postgresql';
import { tokenEnd } from '../../auth/token-end.js';
import type { Actor } from '../../context.js';
import type { Database } from '../../entities/database.js';
import { unauthenticated } from '../../errors.js';
import type { Events, Topics } from '../../events.js';

/** A timer waits at most so long. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Someone's access to a service, for as long as something stays open on it. */
export interface WatchedAccess {
  actor: Actor;
  /** The service whose end is the end of this. */
  serviceId: string;
  /** What is asked for: `Subscription.serviceLogs`. */
  coordinate: string;
  /** Throws once the caller may no longer see it, or it is gone. Asked again whenever that may have changed. */
  check: (em: EntityManager) => Promise<unknown>;
  /** Told once, with the reason. */
  refuse: (reason: unknown) => void;
}

/**
 * Watches the rights of all that is open, with two subscriptions and one timer however many there are. What several have
 * in common (the token, the same question about the same service) is asked once for all of them.
 */
export class AccessWatch {
  readonly #watched = new Set<WatchedAccess>();
  /** When each token ends, as it was when it was last looked at. */
  readonly #ends = new Map<string, { end: Date | 'never'; users: number }>();
  #listening: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #due = Number.POSITIVE_INFINITY;

  constructor(
    private readonly orm: Database,
    private readonly events: Events,
  ) {}

  /** From this moment on: a check made before is followed by no moment that is not watched. */
  watch(one: WatchedAccess): () => void {
    this.#watched.add(one);
    if (!this.#listening) this.#listen();
    const tokenId = tokenOf(one);
    if (tokenId !== null) this.#use(tokenId);
    return () => {
      if (!this.#watched.delete(one)) return;
      if (tokenId !== null) this.#release(tokenId);
      if (this.#watched.size > 0) return;
      this.#listening?.abort();
      this.#listening = undefined;
      this.#wait(Number.POSITIVE_INFINITY);
    };
  }

  #listen(): void {
    const { signal } = (this.#listening = new AbortController());
    const access = this.events.subscribe('access.ended', signal);
    const services = this.events.subscribe('service.changed', signal);
    void this.#each(access, (change) => this.#recheck((one) => concerns(change, one.actor)));
    void this.#each(services, (change) => this.#recheck(({ serviceId }) => change === null || change.serviceId === serviceId, false));
  }

  async #each<T>(changes: AsyncIterable<T>, look: (change: T) => Promise<void>): Promise<void> {
    for await (const change of changes) await look(change);
  }

  /** Asks again for those who are concerned, and for those with the same question once. */
  async #recheck(isConcerned: (one: WatchedAccess) => boolean, tokensToo = true): Promise<void> {
    const em = this.orm.em.fork();
    const answers = new Map<string, Promise<unknown>>();
    const ask = (key: string, question: () => Promise<unknown>): Promise<unknown> => {
      const known = answers.get(key) ?? question().then(() => null, (reason: unknown) => ({ reason }));
      answers.set(key, known);
      return known;
    };
    const look = async (one: WatchedAccess): Promise<void> => {
      const tokenId = tokenOf(one);
      const who = tokenId ?? one.actor.kind;
      const refusals = [
        tokensToo && tokenId !== null ? await ask(tokenId, () => requireToken(em, tokenId)) : null,
        await ask(`${who} ${one.coordinate} ${one.serviceId}`, () => one.check(em)),
      ] as ({ reason: unknown } | null)[];
      const refusal = refusals.find((answer) => answer !== null);
      if (refusal && this.#watched.has(one)) one.refuse(refusal.reason);
    };
    await Promise.all([...this.#watched].filter(isConcerned).map(look));
  }

  #use(tokenId: string): void {
    const known = this.#ends.get(tokenId);
    if (known) known.users += 1;
    else this.#ends.set(tokenId, { end: 'never', users: 1 });
    if (!known) void this.#lookAtEnd(tokenId);
  }

  #release(tokenId: string): void {
    const known = this.#ends.get(tokenId);
    if (known && --known.users === 0) this.#ends.delete(tokenId);
  }

  /** Refuses whose token has ended, or waits for its end. */
  async #lookAtEnd(tokenId: string): Promise<void> {
    try {
      const end = await tokenEnd(this.orm.em.fork(), tokenId);
      const known = this.#ends.get(tokenId);
      if (!known) return;
      if (end === 'ended') return this.#refuse(tokenId, unauthenticated());
      known.end = end;
      if (end !== 'never' && end.getTime() < this.#due) this.#wait(end.getTime());
    } catch (reason) {
      // Whoever cannot be looked at is refused by the error, as by any other.
      this.#refuse(tokenId, reason);
    }
  }

  #wait(until: number): void {
    clearTimeout(this.#timer);
    this.#due = until;
    if (until < Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => this.#expire(), Math.min(Math.max(0, until - Date.now()) + 1, LONGEST_TIMER_MS));
  }

  /** A session lives on when it is used, so what is due is looked at again. */
  #expire(): void {
    const now = Date.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [tokenId, { end }] of this.#ends) {
      if (end === 'never') continue;
      if (end.getTime() <= now) void this.#lookAtEnd(tokenId);
      else next = Math.min(next, end.getTime());
    }
    this.#wait(next);
  }

  #refuse(tokenId: string, reason: unknown): void {
    for (const one of [...this.#watched]) if (tokenOf(one) === tokenId) one.refuse(reason);
  }
}

const tokenOf = ({ actor }: WatchedAccess): string | null => ('tokenId' in actor ? actor.tokenId : null);

function concerns(change: Topics['access.ended'] | null, actor: Actor): boolean {
  if (!('tokenId' in actor)) return false;
  return change === null || change.tokenId === actor.tokenId || (actor.kind === 'account' && change.accountId === actor.accountId);
}

async function requireToken(em: EntityManager, tokenId: string): Promise<void> {
  if ((await tokenEnd(em, tokenId)) === 'ended') throw unauthenticated();
}
