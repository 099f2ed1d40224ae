import type { Logger } from '../../logger.js';
import type { KubeClient } from '../kubernetes/kube-client.js';
import { isNotFound } from '../kubernetes/kube-error.js';
import { installationSelector, LABELS } from '../kubernetes/labels.js';
import type { PodDirectory } from '../kubernetes/pod-directory.js';
import type { LogBatch, LogFilter, LogSource, LogStart, LogStream } from '../port.js';
import type { PodObject } from '../service/observed.js';
import { wanted, type FeedLine } from './line-filter.js';
import { LogFeed } from './log-feed.js';
import { readHistory } from './log-history.js';
import { decodeCursor, fromDate, isAfter, isBehind, WINDOW_NS, type Cursor, type Position } from './log-position.js';
import { LogReader } from './log-reader.js';

/** A follow outlives its last reader for this long, so that a reader who comes back finds it. */
const LINGER_MS = 2_000;

/** Live logs and history of services. One feed for each service that has readers. */
export class LogHub {
  readonly #feeds = new Map<string, LogFeed>();
  #stopped = false;

  constructor(
    private readonly client: () => KubeClient,
    private readonly pods: PodDirectory,
    private readonly installationId: string,
    private readonly logger: Logger,
  ) {}

  async *follow(source: LogSource, from: LogStart, filter: LogFilter, signal: AbortSignal): AsyncIterable<LogBatch> {
    const cursor = from.after === undefined ? null : decodeCursor(from.after);
    const feed = this.#feed(source, filter.stream);
    const reader = new LogReader(filter);
    feed.expect(reader);
    const leave = (): void => this.#leave(feed, reader);
    signal.addEventListener('abort', leave, { once: true });
    try {
      await feed.ready;
      if (signal.aborted) return;
      const past = this.#fromRing(feed, from, filter, cursor) ?? (await this.#fromHistory(source, feed, from, filter, signal));
      feed.join(reader);
      const first = past();
      if (first.lines.length > 0 || first.gap) yield first;
      yield* reader;
    } finally {
      signal.removeEventListener('abort', leave);
      leave();
    }
  }

  async history(source: LogSource, from: LogStart, filter: LogFilter, signal: AbortSignal): Promise<LogBatch> {
    const history = await readHistory(this.client(), await this.#podsOf(source, signal), from, filter, signal);
    return batch(history.lines, history.gap, from.after ?? null);
  }

  stop(): void {
    this.#stopped = true;
    for (const feed of this.#feeds.values()) feed.stop();
    this.#feeds.clear();
  }

  /** What the reader asked for, when the ring has all of it. Evaluated in the turn in which the reader joins. */
  #fromRing(feed: LogFeed, from: LogStart, filter: LogFilter, cursor: Cursor | null): (() => LogBatch) | null {
    const since = cursor ? oldest(cursor) : from.since ? fromDate(from.since) - 1n : null;
    const { completeSince, lines } = feed.ring;
    const tail = from.tail ?? (since === null ? 0 : undefined);
    const enough = completeSince === null || (since !== null ? since >= completeSince : tail !== undefined && lines.filter((line) => wanted(filter, line)).length >= tail);
    if (!enough) return null;
    return () => {
      const behind = feed.ring.lines.filter((line) => wanted(filter, line) && (cursor ? isBehind(cursor, line.source, line) : since === null || line.ns > since));
      return batch(tail === undefined ? behind : tail === 0 ? [] : behind.slice(-tail), false, from.after ?? null);
    };
  }

  /** What the cluster has, then what came in while it was read. */
  async #fromHistory(source: LogSource, feed: LogFeed, from: LogStart, filter: LogFilter, signal: AbortSignal): Promise<() => LogBatch> {
    const history = await readHistory(this.client(), await this.#podsOf(source, signal), from, filter, signal);
    const newest = history.lines.at(-1)?.ns ?? 0n;
    return () => {
      const later = feed.ring.lines.filter((line) => wanted(filter, line) && isMissing(history.positions, newest, line));
      return batch([...history.lines, ...later], history.gap, from.after ?? null);
    };
  }

  /** Who wants one stream alone shares a feed with those who want the same; everybody else shares the one of both. */
  #feed(source: LogSource, stream: LogStream | undefined): LogFeed {
    const key = `${source.serviceId} ${stream ?? ''}`;
    const known = this.#feeds.get(key);
    if (known) return known;
    const feed = new LogFeed({
      client: this.client,
      pods: (signal) => this.#podsOf(source, signal),
      pod: (name) => this.#pod(source, name),
      onPod: (listener) => this.pods.onChange(source.serviceId, listener),
      logger: this.logger,
      stream,
    });
    this.#feeds.set(key, feed);
    feed.ready.catch(() => this.#close(feed));
    return feed;
  }

  #leave(feed: LogFeed, reader: LogReader): void {
    feed.leave(reader);
    if (!feed.isIdle) return;
    setTimeout(() => feed.isIdle && this.#close(feed), this.#stopped ? 0 : LINGER_MS).unref();
  }

  #close(feed: LogFeed): void {
    feed.stop();
    for (const [key, open] of this.#feeds) if (open === feed) this.#feeds.delete(key);
  }

  async #podsOf({ serviceId, namespace }: LogSource, signal: AbortSignal): Promise<PodObject[]> {
    return (await this.client().list<PodObject>('Pod', `${installationSelector(this.installationId)},${LABELS.service}=${serviceId}`, namespace, signal)).items;
  }

  async #pod({ namespace }: LogSource, name: string): Promise<PodObject | undefined> {
    try {
      return await this.client().get<PodObject>('Pod', name, namespace);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

const batch = (lines: readonly FeedLine[], gap: boolean, cursor: string | null): LogBatch => ({
  lines: lines.map(({ line }) => line),
  dropped: 0,
  gap,
  cursor: lines.at(-1)?.line.cursor ?? cursor,
});

/** The oldest line that a reader with this cursor may lack. */
const oldest = (cursor: Cursor): bigint => [...cursor.positions.values()].reduce((least, { ns }) => (ns < least ? ns : least), cursor.ns - WINDOW_NS);

function isMissing(positions: ReadonlyMap<string, Position>, newest: bigint, line: FeedLine): boolean {
  const known = positions.get(line.source);
  return known ? isAfter(line, known) : line.ns > newest;
}
