import type { LogBatch } from '../../port.js';
import type { Harvest } from './log-archive.js';
import { storedLine, type StoredLine } from './stored-line.js';

/** What one source may hold that is not written yet. Beyond it nothing is read, and the hub counts what is lost. */
const MOST_BYTES = 8 * 1024 * 1024;

/** Reads the live log of one source for those who keep it. */
export class LogCollector {
  #lines: StoredLine[] = [];
  #bytes = 0;
  #lost = 0;
  #gaps = 0;
  #cursor: string | null;
  #hasRoom: (() => void) | undefined;

  constructor(
    readonly source: string,
    readonly teamId: string,
    cursor: string | null,
  ) {
    this.#cursor = cursor;
  }

  /** Where it goes on. */
  get cursor(): string | null {
    return this.#cursor;
  }

  async read(batches: AsyncIterable<LogBatch>): Promise<void> {
    for await (const { lines, dropped, gap, cursor } of batches) {
      for (const line of lines) {
        const stored = storedLine(line);
        if (!stored) continue;
        this.#lines.push(stored);
        this.#bytes += stored.raw.length;
      }
      this.#lost += dropped;
      if (gap) this.#gaps += 1;
      this.#cursor = cursor ?? this.#cursor;
      if (this.#bytes > MOST_BYTES) await new Promise<void>((resolve) => (this.#hasRoom = resolve));
    }
  }

  /** What came since the last time; null where nothing did. */
  take(): Harvest | null {
    if (this.#lines.length === 0 && this.#lost === 0 && this.#gaps === 0) return null;
    const harvest = { source: this.source, teamId: this.teamId, lines: this.#lines, cursor: this.#cursor, lost: this.#lost, gaps: this.#gaps };
    this.#lines = [];
    this.#bytes = 0;
    this.#lost = 0;
    this.#gaps = 0;
    this.#hasRoom?.();
    return harvest;
  }
}
