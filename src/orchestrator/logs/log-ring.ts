import { encodeCursor, isAfter, type Position } from './log-position.js';
import { feedLine, type FeedLine } from './line-filter.js';
import type { RawLine } from './log-upstream.js';

export const RING_LINES = 1_500;

/** The last lines of a service, in the order in which they came in, each of them once. */
export class LogRing {
  readonly #positions = new Map<string, Position>();
  #lines: FeedLine[] = [];
  /** Time of the newest line that was let go; older ones are not here. */
  #forgotten: bigint | null = null;

  get lines(): readonly FeedLine[] {
    return this.#lines;
  }

  get positions(): ReadonlyMap<string, Position> {
    return this.#positions;
  }

  /** All lines after this time are here. Null: every line there is. */
  get completeSince(): bigint | null {
    return this.#forgotten;
  }

  /** The lines before those that will be added were never read. */
  markIncomplete(before: bigint): void {
    if (this.#forgotten === null || this.#forgotten < before) this.#forgotten = before;
  }

  /** Null for a line that is here already: a cut upstream begins again a little earlier. */
  add(raw: RawLine): FeedLine | null {
    const last = this.#positions.get(raw.run.id);
    if (last && !isAfter(raw, last)) return null;
    // Kept in the order of their last line, so that a cursor needs to look at the newest only.
    this.#positions.delete(raw.run.id);
    this.#positions.set(raw.run.id, { ns: raw.ns, ordinal: raw.ordinal });
    const line = feedLine(raw, encodeCursor(raw.ns, this.#positions));
    this.#lines.push(line);
    if (this.#lines.length > RING_LINES * 2) this.#trim();
    return line;
  }

  last(source: string): Position | undefined {
    return this.#positions.get(source);
  }

  #trim(): void {
    const gone = this.#lines.splice(0, this.#lines.length - RING_LINES);
    for (const { ns } of gone) this.markIncomplete(ns);
  }
}
