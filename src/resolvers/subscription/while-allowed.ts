import type { EntityManager } from '@mikro-orm/postgresql';
import type { RequestContext } from '../../context.js';
import type { AccessWatch } from './access-watch.js';

export interface Watched<T> {
  context: RequestContext;
  access: AccessWatch;
  /** `Subscription.serviceChanged`. */
  coordinate: string;
  /** Throws once the caller may no longer see it, or it is gone. Asked again whenever that may have changed. */
  check: (em: EntityManager) => Promise<unknown>;
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

async function* run<T>({ context, access, coordinate, check, serviceId, open }: Watched<T>, signal: AbortSignal, ending: AbortController): AsyncGenerator<T, undefined> {
  let refusal: { reason: unknown } | undefined;
  const refuse = (reason: unknown): void => {
    if (signal.aborted) return;
    refusal = { reason };
    ending.abort();
  };
  // Begun before the first event, so that an end in between is not missed.
  const stop = access.watch({ actor: context.actor, serviceId, coordinate, check, refuse });
  try {
    for await (const item of open(signal)) {
      if (signal.aborted) break;
      yield item;
    }
  } finally {
    stop();
    ending.abort();
  }
  if (refusal) throw refusal.reason;
}
