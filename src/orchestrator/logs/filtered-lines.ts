import type { LogBatch, LogFilter } from '../port.js';
import { wanted, type FeedLine } from './line-filter.js';

export type BatchListener = (batch: LogBatch) => void;

/** The lines of a feed that one filter lets through: sifted once, and one batch for all who listen. */
export class FilteredLines {
  readonly #listeners = new Set<BatchListener>();

  constructor(private readonly filter: LogFilter) {}

  get isIdle(): boolean {
    return this.#listeners.size === 0;
  }

  add(listener: BatchListener): void {
    this.#listeners.add(listener);
  }

  delete(listener: BatchListener): void {
    this.#listeners.delete(listener);
  }

  /** Lines of one tick. */
  put(feedLines: readonly FeedLine[]): void {
    const lines = feedLines.filter((line) => wanted(this.filter, line)).map(({ line }) => line);
    if (lines.length > 0) this.#tell({ lines, dropped: 0, gap: false, cursor: lines.at(-1)?.cursor ?? null });
  }

  /** Lines are missing here, and nobody knows how many. */
  putGap(): void {
    this.#tell({ lines: [], dropped: 0, gap: true, cursor: null });
  }

  #tell(batch: LogBatch): void {
    for (const listener of this.#listeners) listener(batch);
  }
}
