/**
 * What may happen, as typed topics. What must happen is a row: triggers on the rows themselves send the NOTIFY
 * (see the migrations), so no writer can forget it and any server serves any subscriber.
 * The payload is only "look at this again": a subscriber reads rows afresh.
 */
export interface Topics {
  /** A service's row changed, or a deployment of it. */
  'service.changed': { serviceId: string; teamId: string };
  /** A database's row changed. */
  'database.changed': { databaseId: string; teamId: string };
  /** A new `deployment_event` row. */
  'deployment.changed': { deploymentId: string; serviceId: string };
  /** A build has more log, or another state. */
  'build.changed': { buildId: string };
  /** A token was revoked or a membership ended: its sockets and streams close. */
  'access.ended': { tokenId: string | null; accountId: string | null };
}

export type Topic = keyof Topics;

export interface Events {
  /** Ends when `signal` aborts. A payload of null says "events may have been missed: read afresh". */
  subscribe<T extends Topic>(topic: T, signal: AbortSignal): AsyncIterable<Topics[T] | null>;
}
