/** One line as it is shown. */
export interface LogLine {
  timestamp: string;
  replica: string;
  level: string | null;
  message: string;
  raw: string;
  fields: Record<string, unknown> | null;
  cut: boolean;
}

export interface LogBatch {
  lines: readonly LogLine[];
  dropped: number;
  gap: boolean;
  cursor: string | null;
}

/** What stands in the log: a line, or that some are missing at this place. */
export type Entry = { number: number; kind: 'line'; line: LogLine } | { number: number; kind: 'lost'; count: number | null };

/** The last so many entries of a log, and from where it goes on. */
export class LogBook {
  /** A new list after each change, so that a page sees it. */
  entries: readonly Entry[] = [];
  /** Lines that were let go to keep the page small, and those that were lost before them. */
  letGo = 0;
  /** Behind the last batch: null before the first. */
  cursor: string | null = null;
  #next = 1;

  constructor(private readonly limit: number) {}

  add({ lines, dropped, gap, cursor }: LogBatch): void {
    this.cursor = cursor ?? this.cursor;
    const entries = [...this.entries];
    if (gap) entries.push({ number: this.#next++, kind: 'lost', count: null });
    if (dropped > 0) entries.push({ number: this.#next++, kind: 'lost', count: dropped });
    for (const line of lines) entries.push({ number: this.#next++, kind: 'line', line });
    const over = Math.max(0, entries.length - this.limit);
    for (const entry of entries.slice(0, over)) this.letGo += entry.kind === 'line' ? 1 : (entry.count ?? 0);
    this.entries = over > 0 ? entries.slice(over) : entries;
  }
}
