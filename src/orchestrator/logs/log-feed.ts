import { setImmediate } from 'node:timers/promises';
import { ApexError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import type { KubeClient } from '../kubernetes/kube-client.js';
import type { KubeObject } from '../kubernetes/kinds.js';
import type { LogFilter, LogStream } from '../port.js';
import type { PodObject } from '../service/observed.js';
import { followRun } from './container-follow.js';
import { FilteredLines, type BatchListener } from './filtered-lines.js';
import type { FeedLine } from './line-filter.js';
import { LogRing, RING_LINES } from './log-ring.js';
import type { RingBudget } from './ring-budget.js';
import { isRunning, previousRunOf, runOf, type ContainerRun } from './log-source-id.js';
import { fromDate, isAfter, type Position } from './log-position.js';
import { readLog, withKnownNumbers, type RawLine } from './log-upstream.js';

const BATCH_MS = 45;
/** A batch is no larger, so that a slow reader loses little at once. */
const SLICE_LINES = 250;
const SLICE_BYTES = 32 * 1024;
/** Clocks of the machines may differ; what comes twice is left out. */
const CLOCK_SKEW_MS = 5_000;

export interface FeedParts {
  client: () => KubeClient;
  pods: (signal: AbortSignal) => Promise<PodObject[]>;
  pod: (name: string) => Promise<PodObject | undefined>;
  onPod: (listener: (pod: KubeObject, gone: boolean) => void) => () => void;
  logger: Logger;
  /** Told of each follow that begins (1) and ends (-1). */
  onFollow: (change: 1 | -1) => void;
  /** Shared with the other feeds. */
  budget: RingBudget;
  /** One of the two streams alone. */
  stream?: LogStream | undefined;
}

/** The live log of one service: one upstream follow for each container, however many readers there are. */
export class LogFeed {
  readonly #ring: LogRing;
  readonly #leaveBudget: () => void;
  /** By filter. */
  readonly #filtered = new Map<string, FilteredLines>();
  readonly #following = new Set<string>();
  readonly #stopped = new AbortController();
  #fresh: FeedLine[] = [];
  #freshBytes = 0;
  #tick: NodeJS.Timeout | undefined;
  #unlisten: () => void = () => undefined;
  readonly ready: Promise<void>;

  constructor(private readonly parts: FeedParts) {
    this.#ring = new LogRing(() => parts.budget.share);
    this.#leaveBudget = parts.budget.join(this.#ring);
    this.ready = this.#start();
    this.ready.catch(() => undefined);
  }

  get ring(): LogRing {
    return this.#ring;
  }

  /** Whether nobody listens, nor is about to. */
  get isIdle(): boolean {
    return this.#filtered.size === 0;
  }

  /** Tells of each batch from now on. It is followed at once, and the feed stays open, also while the listener first looks at what was before. */
  listen(filter: LogFilter, listener: BatchListener): () => void {
    const key = JSON.stringify({ ...filter, regex: filter.regex?.source });
    const filtered = this.#filtered.get(key) ?? new FilteredLines(filter);
    this.#filtered.set(key, filtered);
    filtered.add(listener);
    return () => {
      filtered.delete(listener);
      if (filtered.isIdle && this.#filtered.get(key) === filtered) this.#filtered.delete(key);
    };
  }

  /** Whether a line of this place will still be told of: it is not in the ring yet. */
  isToCome(source: string, position: Position): boolean {
    const last = this.#ring.last(source);
    return last ? isAfter(position, last) : this.#following.has(source);
  }

  /** Follows pods that the watcher may not have told of yet. */
  adopt(pods: readonly PodObject[]): void {
    for (const pod of pods) {
      const run = runOf(pod);
      if (run && !this.#ring.last(run.id)) this.#follow(pod, undefined);
    }
  }

  stop(): void {
    this.#unlisten();
    this.#leaveBudget();
    this.#stopped.abort();
    clearTimeout(this.#tick);
    this.#filtered.clear();
  }

  /** Fills the ring with what there is, then follows. */
  async #start(): Promise<void> {
    const { signal } = this.#stopped;
    const begin = new Date(Date.now() - CLOCK_SKEW_MS);
    const changed = new Map<string, PodObject>();
    let seeded = false;
    this.#unlisten = this.parts.onPod((pod, gone) => {
      if (gone) return;
      if (seeded) this.#follow(pod as PodObject, undefined);
      else changed.set(pod.metadata.name, pod as PodObject);
    });
    const pods = await this.parts.pods(signal);
    await this.#seed(pods, signal);
    seeded = true;
    for (const pod of pods) this.#follow(pod, fromDate(begin));
    for (const pod of changed.values()) this.#follow(pod, undefined);
  }

  async #seed(pods: readonly PodObject[], signal: AbortSignal): Promise<void> {
    const logs = await Promise.all(pods.flatMap((pod) => this.#runsOf(pod).map(({ run, previous }) => this.#lastLines(run, previous, signal))));
    const lines = logs.flat().sort((a, b) => (a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : a.ordinal - b.ordinal));
    for (const line of lines) this.#ring.add(line);
  }

  /** Of a container that has restarted, also the run before: why it ended is among its last lines. */
  #runsOf(pod: PodObject): { run: ContainerRun; previous: boolean }[] {
    const [run, before] = [runOf(pod), isRunning(pod) ? previousRunOf(pod) : null];
    return [...(before ? [{ run: before, previous: true }] : []), ...(run ? [{ run, previous: false }] : [])];
  }

  async #lastLines(run: ContainerRun, previous: boolean, signal: AbortSignal): Promise<RawLine[]> {
    const lines: RawLine[] = [];
    try {
      for await (const some of readLog(this.parts.client(), run, { tailLines: RING_LINES, previous, stream: this.parts.stream }, signal)) {
        lines.push(...some);
        // Of one stream alone the whole log comes.
        if (lines.length > RING_LINES * 2) lines.splice(0, lines.length - RING_LINES);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ApexError) throw error;
      this.parts.logger.debug({ err: error, pod: run.pod }, 'a log could not be read yet');
      if (!previous) this.#ring.markIncomplete(fromDate(new Date()));
    }
    if (lines.length < RING_LINES) return lines;
    const known = withKnownNumbers(lines, RING_LINES);
    this.#ring.markIncomplete((known[0]?.ns ?? 0n) - 1n);
    return known;
  }

  #follow(pod: PodObject, begin: bigint | undefined): void {
    const run = runOf(pod);
    if (!run || this.#following.has(run.id) || this.#stopped.signal.aborted) return;
    // The watcher tells of a container that ended again and again; its log was read to the end.
    if (!isRunning(pod) && this.#ring.last(run.id) && begin !== undefined) return;
    this.#following.add(run.id);
    this.parts.onFollow(1);
    followRun(run, begin, {
      client: this.parts.client,
      stream: this.parts.stream,
      signal: this.#stopped.signal,
      last: ({ id }) => this.#ring.last(id),
      put: (lines) => this.#put(lines),
      gap: () => this.#gap(),
      pod: ({ pod: name }) => this.parts.pod(name),
    })
      .catch((error: unknown) => {
        this.#following.delete(run.id);
        if (!this.#stopped.signal.aborted) this.parts.logger.warn({ err: error, pod: run.pod }, 'a log can no longer be followed');
      })
      .finally(() => this.parts.onFollow(-1));
  }

  /** A burst is handed on in slices, with a turn for the readers after each: only who does not read falls behind. */
  async #put(lines: readonly RawLine[]): Promise<void> {
    for (const raw of lines) {
      const line = this.#ring.add(raw);
      if (!line) continue;
      this.#fresh.push(line);
      this.#freshBytes += raw.raw.length;
      if (this.#fresh.length < SLICE_LINES && this.#freshBytes < SLICE_BYTES) continue;
      this.flush();
      await setImmediate();
    }
    if (this.#fresh.length > 0) this.#tick ??= setTimeout(() => this.flush(), BATCH_MS);
  }

  #gap(): void {
    this.flush();
    for (const filtered of this.#filtered.values()) filtered.putGap();
  }

  /** Hands over what has come in: all that is in the ring then has been told of. */
  flush(): void {
    clearTimeout(this.#tick);
    this.#tick = undefined;
    const lines = this.#fresh;
    this.#fresh = [];
    this.#freshBytes = 0;
    if (lines.length > 0) for (const filtered of this.#filtered.values()) filtered.put(lines);
  }
}
