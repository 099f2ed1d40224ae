import type { LogBatch } from '../port.js';

/** What a reader that does not read may cost. */
const BACKLOG_BYTES = 256 * 1024;
const LINE_OVERHEAD = 200;

/** One reader's backlog, for who asks for the next batch himself. It is bounded: what does not fit is counted and announced, in its place. */
export class LogReader implements AsyncIterable<LogBatch> {
  #batches: LogBatch[] = [];
  #bytes = 0;
  #lost = 0;
  #closed = false;
  #wake: (() => void) | undefined;

  /** A batch that others have too: it is left as it is. */
  put(batch: LogBatch): void {
    const cost = costOf(batch);
    if (this.#bytes > 0 && this.#bytes + cost > BACKLOG_BYTES) {
      this.#lost += batch.lines.length;
      if (!batch.gap) return;
      this.open({ lines: [], dropped: 0, gap: true, cursor: null });
    } else {
      this.open(batch);
    }
  }

  /** A batch that is taken whatever it costs. */
  open(batch: LogBatch): void {
    this.#bytes += costOf(batch);
    this.#batches.push(this.#lost > 0 ? { ...batch, dropped: this.#lost } : batch);
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
        this.#bytes -= costOf(batch);
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
}

const costOf = ({ lines }: LogBatch): number => lines.reduce((sum, { message }) => sum + message.length + LINE_OVERHEAD, 0);
