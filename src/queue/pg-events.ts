import pg from 'pg';
import type { Events, Topic, Topics } from '../events.js';
import type { Logger } from '../logger.js';

const CHANNEL = 'apex_events';
const RETRY_MS = [250, 500, 1_000, 2_000, 5_000] as const;
const PROBE_MS = 10_000;
const PROBE_DEADLINE_MS = 5_000;
/** A subscriber that is this far behind gets one "read afresh" in place of what it missed. */
const BACKLOG = 1_000;

/** Events through LISTEN: any server serves any subscriber. */
export interface PgEvents extends Events {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Not connected until `start`. A lost connection is made again, and every subscriber is then told to read afresh. */
export function createPgEvents(databaseUrl: string, logger: Logger): PgEvents {
  return new ListeningEvents(databaseUrl, logger);
}

class ListeningEvents implements PgEvents {
  readonly #subscribers = new Map<Topic, Set<Mailbox<unknown>>>();
  readonly #stopped = new AbortController();
  #client: pg.Client | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(
    private readonly databaseUrl: string,
    private readonly logger: Logger,
  ) {}

  async start(): Promise<void> {
    await this.#connect();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    clearTimeout(this.#retry);
    for (const mailboxes of this.#subscribers.values()) for (const mailbox of mailboxes) mailbox.close();
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  /** Collects from the moment of the call, so that a caller who subscribes and then reads rows misses nothing. */
  subscribe<T extends Topic>(topic: T, signal: AbortSignal): AsyncIterable<Topics[T] | null> {
    const mailbox = new Mailbox<Topics[T]>();
    const mailboxes = this.#subscribers.get(topic) ?? new Set();
    this.#subscribers.set(topic, mailboxes);
    mailboxes.add(mailbox as Mailbox<unknown>);
    const close = (): void => {
      mailbox.close();
      mailboxes.delete(mailbox as Mailbox<unknown>);
    };
    signal.addEventListener('abort', close, { once: true });
    if (signal.aborted || this.#stopped.signal.aborted) close();
    return {
      async *[Symbol.asyncIterator]() {
        try {
          yield* mailbox;
        } finally {
          signal.removeEventListener('abort', close);
          close();
        }
      },
    };
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({ connectionString: this.databaseUrl, application_name: 'apex-events', keepAlive: true, connectionTimeoutMillis: 10_000 });
    let connected = false;
    let ended = false;
    const end = (error?: Error): void => {
      if (ended) return;
      ended = true;
      clearInterval(probe);
      client.end().catch(() => undefined);
      if (!connected || this.#stopped.signal.aborted) return;
      this.logger.warn({ err: error }, 'the connection for events was lost and is made again');
      this.#reconnect(0);
    };
    const probe = setInterval(() => {
      const late = setTimeout(() => end(new Error('no answer')), PROBE_DEADLINE_MS);
      client.query('select 1').then(() => clearTimeout(late), (error: Error) => (clearTimeout(late), end(error)));
    }, PROBE_MS);
    probe.unref();
    client.on('error', end);
    client.on('end', () => end());
    client.on('notification', ({ payload }) => this.#deliver(payload));
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
    } catch (error) {
      end();
      throw error;
    }
    connected = true;
    this.#client = client;
    if (this.#stopped.signal.aborted) end();
  }

  #reconnect(attempt: number): void {
    const wait = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)];
    this.#retry = setTimeout(() => {
      this.#connect().then(
        () => this.#missed(),
        () => this.#stopped.signal.aborted || this.#reconnect(attempt + 1),
      );
    }, wait);
  }

  #missed(): void {
    for (const mailboxes of this.#subscribers.values()) for (const mailbox of mailboxes) mailbox.put(null);
  }

  #deliver(payload: string | undefined): void {
    try {
      const { topic, ...event } = JSON.parse(payload ?? '') as { topic: Topic };
      for (const mailbox of this.#subscribers.get(topic) ?? []) mailbox.put(event);
    } catch (error) {
      this.logger.error({ err: error }, 'an event could not be read');
    }
  }
}

/** What one subscriber has yet to take. */
class Mailbox<T> implements AsyncIterable<T | null> {
  #waiting: (T | null)[] = [];
  #closed = false;
  #wake: (() => void) | undefined;

  put(event: T | null): void {
    if (this.#closed) return;
    if (event === null || this.#waiting.length >= BACKLOG) this.#waiting = [null];
    else this.#waiting.push(event);
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T | null> {
    while (!this.#closed) {
      while (this.#waiting.length > 0 && !this.#closed) yield this.#waiting.shift() as T | null;
      if (this.#closed) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
  }
}
