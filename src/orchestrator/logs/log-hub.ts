import type { Logger } from '../../logger.js';
import type { KubeClient } from '../kubernetes/kube-client.js';
import { isNotFound } from '../kubernetes/kube-error.js';
import { installationSelector } from '../kubernetes/labels.js';
import type { PodDirectory } from '../kubernetes/pod-directory.js';
import type { LogBatch, LogChannel, LogFilter, LogSource, LogStart, LogStream } from '../port.js';
import type { PodObject } from '../service/observed.js';
import { wanted, type FeedLine } from './line-filter.js';
import { LogFeed } from './log-feed.js';
import { readHistory } from './log-history.js';
import { decodeCursor, fromDate, isAfter, isBehind, WINDOW_NS, type Cursor } from './log-position.js';
import { LogReader } from './log-reader.js';
import { fromCluster } from './log-trouble.js';
import { RingBudget } from './ring-budget.js';
import { sourceKey, sourceSelector } from './log-source-pods.js';

/** A follow outlives its last reader for this long, so that a reader who comes back finds it. */
const LINGER_MS = 2_000;

/** Live logs and history of services. One feed for each service that has readers. */
export class LogHub {
  readonly #feeds = new Map<string, LogFeed>();
  readonly #readers = new Set<LogReader>();
  readonly #budget = new RingBudget();
  #stopped = false;
  #follows = 0;

  constructor(
    private readonly client: () => KubeClient,
    private readonly pods: PodDirectory,
    private readonly installationId: string,
    private readonly logger: Logger,
  ) {}

  /** Containers whose log is followed now. */
  get follows(): number {
    return this.#follows;
  }

  async *follow(source: LogSource, from: LogStart, filter: LogFilter, signal: AbortSignal): AsyncIterable<LogBatch> {
    const channel = this.channel(source, filter);
    const reader = new LogReader();
    let joined = false;
    const unlisten = channel.listen((batch) => joined && reader.put(batch));
    const close = (): void => reader.close();
    signal.addEventListener('abort', close, { once: true });
    this.#readers.add(reader);
    try {
      await channel.begin(from, signal, (past) => {
        joined = true;
        if (past.lines.length > 0 || past.gap) reader.open(past);
      });
      if (joined) yield* reader;
    } finally {
      signal.removeEventListener('abort', close);
      this.#readers.delete(reader);
      unlisten();
    }
  }

  channel(source: LogSource, filter: LogFilter): LogChannel {
    return {
      listen: (listener) => {
        const feed = this.#feed(source, filter.stream);
        const unlisten = feed.listen(filter, listener);
        return () => {
          unlisten();
          this.#closeIdle(feed);
        };
      },
      begin: (from, signal, joined) => fromCluster(this.#begin(source, from, filter, signal, joined), signal),
    };
  }

  async history(source: LogSource, from: LogStart, filter: LogFilter, signal: AbortSignal): Promise<LogBatch> {
    const read = async () => readHistory(this.client(), await this.#podsOf(source, signal), from, filter, signal);
    const { lines, gap, lost } = await fromCluster(read(), signal);
    return batch(lines, gap || lost.length > 0, from.after ?? null);
  }

  stop(): void {
    this.#stopped = true;
    for (const reader of this.#readers) reader.close();
    for (const feed of this.#feeds.values()) feed.stop();
    this.#feeds.clear();
  }

  async #begin(source: LogSource, start: LogStart, filter: LogFilter, signal: AbortSignal, joined: (past: LogBatch) => void): Promise<void> {
    const cursor = start.after === undefined ? null : decodeCursor(start.after);
    // Who goes on behind a cursor lacks every line behind it, however few of the last ones he asked for when he began.
    const from: LogStart = cursor ? { after: start.after } : start;
    const feed = this.#feed(source, filter.stream);
    await feed.ready;
    if (signal.aborted) return;
    const release = feed.ring.hold();
    try {
      const past = this.#fromRing(feed, from, filter, cursor) ?? (await this.#fromHistory(source, feed, from, filter, cursor, signal));
      if (signal.aborted) return;
      feed.flush();
      joined(past());
    } finally {
      release();
    }
  }

  /** What the reader asked for, when the ring has all of it. Evaluated in the turn in which the reader joins. */
  #fromRing(feed: LogFeed, from: LogStart, filter: LogFilter, cursor: Cursor | null): (() => LogBatch) | null {
    // Of a container that the ring never saw, the end may be missing.
    if (cursor && [...cursor.positions.keys()].some((source) => !feed.ring.last(source))) return null;
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

  /**
   * What the cluster has, then what came in while it was read. The cluster may be ahead of the follow: lines that the
   * follow has yet to bring are left to it, or they would come twice.
   */
  async #fromHistory(source: LogSource, feed: LogFeed, from: LogStart, filter: LogFilter, cursor: Cursor | null, signal: AbortSignal): Promise<() => LogBatch> {
    const pods = await this.#podsOf(source, signal);
    feed.adopt(pods);
    const completeBefore = feed.ring.completeSince;
    const history = await readHistory(this.client(), pods, from, filter, signal);
    const since = from.since ? fromDate(from.since) : null;
    return () => {
      const { completeSince, lines } = feed.ring;
      const first = new Map<string, FeedLine>();
      for (const line of lines) if (!first.has(line.source)) first.set(line.source, line);
      const isOlder = (line: FeedLine): boolean => {
        const begin = first.get(line.source);
        return begin ? isAfter(begin, line) : !feed.isToCome(line.source, line);
      };
      const isAskedFor = (line: FeedLine): boolean => (cursor ? isBehind(cursor, line.source, line) : since === null || line.ns >= since);
      // The ring's own order, in which its cursors were given out.
      const all = [...history.lines.filter(isOlder), ...lines.filter((line) => wanted(filter, line) && isAskedFor(line))];
      const isHere = (source: string): boolean => feed.ring.last(source) !== undefined && (completeSince === null || (cursor?.positions.get(source)?.ns ?? 0n) >= completeSince);
      // It came so fast that the ring let lines go which the cluster was not asked for any more.
      const isOverrun = completeSince !== null && completeSince !== completeBefore && history.lines.every(({ ns }) => ns < completeSince);
      const gap = history.gap || isOverrun || history.lost.some((source) => !isHere(source));
      return batch(from.tail === undefined ? all : from.tail === 0 ? [] : all.slice(-from.tail), gap, from.after ?? null);
    };
  }

  /** Who wants one stream alone shares a feed with those who want the same; everybody else shares the one of both. */
  #feed(source: LogSource, stream: LogStream | undefined): LogFeed {
    const key = `${sourceKey(source)} ${stream ?? ''}`;
    const known = this.#feeds.get(key);
    if (known) return known;
    const feed = new LogFeed({
      client: this.client,
      pods: (signal) => this.#podsOf(source, signal),
      pod: (name) => this.#pod(source, name),
      onPod: (listener) => this.pods.onChange(sourceKey(source), listener),
      logger: this.logger,
      budget: this.#budget,
      onFollow: (change) => void (this.#follows += change),
      stream,
    });
    this.#feeds.set(key, feed);
    feed.ready.catch(() => this.#close(feed));
    return feed;
  }

  #closeIdle(feed: LogFeed): void {
    if (!feed.isIdle) return;
    setTimeout(() => feed.isIdle && this.#close(feed), this.#stopped ? 0 : LINGER_MS).unref();
  }

  #close(feed: LogFeed): void {
    feed.stop();
    for (const [key, open] of this.#feeds) if (open === feed) this.#feeds.delete(key);
  }

  async #podsOf(source: LogSource, signal: AbortSignal): Promise<PodObject[]> {
    return (await this.client().list<PodObject>('Pod', `${installationSelector(this.installationId)},${sourceSelector(source)}`, source.namespace, signal)).items;
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
