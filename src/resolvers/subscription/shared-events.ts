/** An event, and how many things it tells of: so many are lost with it. */
export interface CountedEvent {
  event: unknown;
  items: number;
}

/** Events that many subscribers have in common, once each has had a beginning of its own. */
export abstract class SharedEvents {
  /** Equal for subscribers that get the same events. */
  abstract readonly key: string;
  /** Arguments of the field that shape the beginning alone. */
  abstract readonly ownArguments: readonly string[];

  /** Tells of each event until the answered function is called. Once for all subscribers. */
  abstract listen(listener: (counted: CountedEvent) => void): () => void;

  /** One subscriber's beginning, in parts. Calls `joined` in the turn from which on what `listen` tells goes on behind it. */
  abstract begin(signal: AbortSignal, joined: (past: CountedEvent[]) => void): Promise<void>;

  /** Watches one subscriber's rights until the answered function is called: `refuse` when they end, with the reason. */
  abstract watch(refuse: (reason: unknown) => void): () => void;

  /** The event that says that so many items were lost. */
  abstract lost(items: number): unknown;

  /** graphql takes a source of events by this; whoever runs subscriptions takes the events by the methods above. */
  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    throw new Error('These events are shared: they are listened to');
  }
}
