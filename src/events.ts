/**
 * What may happen, as typed topics. What must happen is a row. The payload is only "look at this again":
 * a subscriber reads rows afresh, so any server can serve any subscriber.
 */
export interface Topics {
  /** A service's row, its status or its current deployment changed. */
  'service.changed': { serviceId: string; teamId: string };
  /** A new `deployment_event` row, or a deployment's state changed. */
  'deployment.changed': { deploymentId: string; serviceId: string };
  /** A token or membership ended: its sockets and streams close. */
  'access.ended': { tokenId: string | null; accountId: string | null };
}

export type Topic = keyof Topics;

/** Publish is transactional (PostgreSQL NOTIFY in the caller's transaction); subscribe sees every server's events. */
export interface Events {
  publish<T extends Topic>(em: import('@mikro-orm/postgresql').EntityManager, topic: T, payload: Topics[T]): Promise<void>;
  /** Ends when `signal` aborts. A payload of null says "events may have been missed: read afresh". */
  subscribe<T extends Topic>(topic: T, signal: AbortSignal): AsyncIterable<Topics[T] | null>;
}
