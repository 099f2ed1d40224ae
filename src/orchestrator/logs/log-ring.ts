import { encodeCursor, isAfter, WINDOW_NS, type Position } from './log-position.js';
import { feedLine, type FeedLine } from './line-filter.js';
import type { RawLine } from './log-upstream.js';
import type { Holder } from './ring-budget.js';

export const RING_LINES = 1_500;
/** What a line costs beside its text. */
const LINE_OVERHEAD = 600;
/** The most while somebody is about to join, in shares: he reads elsewhere what was before, and what comes meanwhile must be here. */
const MOST_SHARES_HELD = 8;

/** The last lines of a source, in the order in which they came in, each of them once: so many of them and so many bytes. */
export class LogRing implements Holder {
  readonly #positions = new Map<string, Position>();
  /** Of those that said something lately, in the order of their last line: what a cursor names. */
  readonly #recent = new Map<string, Position>();
  #lines: FeedLine[] = [];
  #bytes = 0;
  #holds = 0;
  /** Time of the newest line that was let go; older ones are not here. */
  #forgotten: bigint | null = null;

  /** `share` answers how many bytes it may hold. */
  constructor(private readonly share: () => number) {}

  get lines(): readonly FeedLine[] {
    return this.#lines;
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
    const line = feedLine(raw, encodeCursor(raw.ns, this.#moveTo(raw)));
    this.#lines.push(line);
    this.#bytes += costOf(line);
    if (this.#lines.length > RING_LINES * 2 || this.#bytes > this.share()) this.trim();
    return line;
  }

  /** A source that is silent drops out of the cursors, so that they cost no more after a thousand restarts than after one. */
  #moveTo({ run: { id }, ns, ordinal }: RawLine): ReadonlyMap<string, Position> {
    const position = { ns, ordinal };
    this.#positions.set(id, position);
    this.#recent.delete(id);
    this.#recent.set(id, position);
    for (const [source, silent] of this.#recent) {
      // Twice: lines of two containers need not come in the order of their times.
      if (silent.ns > ns - 2n * WINDOW_NS) break;
      this.#recent.delete(source);
    }
    return this.#recent;
  }

  last(source: string): Position | undefined {
    return this.#positions.get(source);
  }

  /** Lets nothing go, within bounds, until the answered function is called. */
  hold(): () => void {
    this.#holds += 1;
    return () => {
      this.#holds -= 1;
      this.trim();
    };
  }

  /** Lets the oldest go where there are too many, a quarter at once, so that it is seldom done. */
  trim(): void {
    const share = this.share() * (this.#holds > 0 ? MOST_SHARES_HELD : 1);
    const tooLarge = this.#bytes > share;
    if (!tooLarge && (this.#lines.length <= RING_LINES * 2 || this.#holds > 0)) return;
    const most = tooLarge ? share * 0.75 : share;
    let gone = 0;
    // The newest stays, whatever it costs.
    while (gone < this.#lines.length - 1 && (this.#bytes > most || this.#lines.length - gone > RING_LINES)) {
      const { ns } = this.#lines[gone]!;
      this.#bytes -= costOf(this.#lines[gone]!);
      this.markIncomplete(ns);
      gone += 1;
    }
    this.#lines.splice(0, gone);
  }
}

/** A line of JSON is there as text and as what it holds. */
const costOf = ({ line: { raw, cursor, fields } }: FeedLine): number => raw.length * (fields ? 3 : 1) + cursor.length + LINE_OVERHEAD;
