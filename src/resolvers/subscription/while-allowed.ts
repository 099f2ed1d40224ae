import type { RequestContext } from '../../context.js';
import type { EntityManager } from '@mikro-orm/postgresql';
import { tokenEnd } from '../../auth/token-end.js';
import { unauthenticated } from '../../errors.js';
import type { Events } from '../../events.js';

/** A timer waits at most so long. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface Watched<T> {
  context: RequestContext;
  events: Events;
  /** Throws once the caller may no longer see it, or it is gone. Asked again whenever that may have changed. */
  check: () => Promise<unknown>;
  /** The service whose end is the end of this. */
  serviceId: string;
  /** The events themselves; they end when the signal aborts. */
  open: (signal: AbortSignal) => AsyncIterable<T>;
}

/**
 * The events for as long as the caller may see them. Ends with the refusal's error as soon as the token is revoked or
 * expires, the membership changes or the service goes; ends silently, and at once, when the reader leaves.
 */
export function whileAllowed<T>(watched: Watched<T>): AsyncIterableIterator<T> {
  const ending = new AbortController();
  const signal = AbortSignal.any([watched.context.signal, ending.signal]);
  const items = run(watched, signal, ending);
  return {
    next: () => items.next(),
    // A generator that waits answers `return` only once its wait is over, so the wait is ended first.
    return: () => {
      ending.abort();
      return items.return(undefined);
    },
    throw: (error) => {
      ending.abort();
      return items.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

async function* run<T>(watched: Watched<T>, signal: AbortSignal, ending: AbortController): AsyncGenerator<T, undefined> {
  let refusal: unknown;
  const refuse = (error: unknown): void => {
    if (signal.aborted) return;
    refusal = error;
    ending.abort();
  };
  // Begun before the first event, so that an end in between is not missed.
  const watches = [watchToken(watched, signal), watchService(watched, signal)];
  for (const watch of watches) watch.catch(refuse);
  try {
    for await (const item of watched.open(signal)) {
      if (signal.aborted) break;
      yield item;
    }
  } finally {
    ending.abort();
  }
  if (refusal !== undefined) throw refusal;
}

/** Rejects when the token ends or the caller's memberships no longer allow it. */
async function watchToken({ context, events, check }: Watched<unknown>, signal: AbortSignal): Promise<void> {
  const { actor, em } = context;
  if (!('tokenId' in actor)) return;
  const accountId = actor.kind === 'account' ? actor.accountId : null;
  const changes = events.subscribe('access.ended', signal);
  const expiry = watchExpiry(em, actor.tokenId, signal);
  const revocation = (async () => {
    for await (const change of changes) {
      if (change && change.tokenId !== actor.tokenId && (accountId === null || change.accountId !== accountId)) continue;
      if ((await tokenEnd(em, actor.tokenId)) === 'ended') throw unauthenticated();
      await check();
    }
  })();
  await Promise.all([expiry, revocation]);
}

async function watchExpiry(em: EntityManager, tokenId: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const end = await tokenEnd(em, tokenId);
    if (end === 'ended') throw unauthenticated();
    if (end === 'never') return;
    await pause(Math.max(0, end.getTime() - Date.now()) + 1, signal);
  }
}

/** Rejects when the service goes. */
async function watchService({ events, serviceId, check }: Watched<unknown>, signal: AbortSignal): Promise<void> {
  for await (const change of events.subscribe('service.changed', signal)) {
    if (change === null || change.serviceId === serviceId) await check();
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, Math.min(milliseconds, LONGEST_TIMER_MS));
    signal.addEventListener('abort', done, { once: true });
  });
}
