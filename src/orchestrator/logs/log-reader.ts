import type { LogBatch, LogFilter } from '../port.js';
import { wanted, type FeedLine } from './line-filter.js';

/** What a reader that does not read may cost. */
const BACKLOG_BYTES = 256 * 1024;
const LINE_OVERHEAD = 200;

/** One reader's backlog. It is bounded: what does not fit is counted and announced, in its place. */
export class LogReader implements AsyncIterable<LogBatch> {
  #batches: LogBatch[] = [];
  #bytes = 0;
  #lost = 0;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(private readonly filter: LogFilter) {}

  /** Lines of one tick, shared by all readers of the feed. */
  put(lines: readonly FeedLine[]): void {
    for (const feedLine of lines) if (wanted(this.filter, feedLine)) this.#put(feedLine);
    if (this.#batches.length > 0) this.#wake?.();
  }

  /** Lines are missing here, and nobody knows how many. */
  putGap(): void {
    this.#batches.push({ lines: [], dropped: this.#lost, gap: true, cursor: null });
    this.#lost = 0;
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<LogBatch> {
    for (;;) {
      const batch = this.#batches.shift();
      if (batch) {
        for (const { message } of batch.lines) this.#bytes -= message.length + LINE_OVERHEAD;
        yield batch;
        continue;
      }
      if (this.#lost > 0) {
        const dropped = this.#lost;
        this.#lost = 0;
        yield { lines: [], dropped, gap: false, cursor: null };
        continue;
      }
      if (this.#closed) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
  }

  #put({ line }: FeedLine): void {
    const cost = line.message.length + LINE_OVERHEAD;
    if (this.#bytes + cost > BACKLOG_BYTES && this.#bytes > 0) {
      this.#lost++;
      return;
    }
    this.#bytes += cost;
    const open = this.#batches.at(-1);
    if (open && this.#lost === 0) {
      open.lines.push(line);
      open.cursor = line.cursor;
    } else {
      this.#batches.push({ lines: [line], dropped: this.#lost, gap: false, cursor: line.cursor });
      this.#lost = 0;
    }
  }
}
