/** What the lines of one source may cost, however few sources there are. */
const MOST_BYTES = 2 * 1024 * 1024;
/** And at least, however many. */
const LEAST_BYTES = 128 * 1024;

/** Something that holds lines and can let the oldest go. */
export interface Holder {
  trim(): void;
}

/** Memory for the last lines of all sources that are followed, divided evenly among them: hundreds of services cost no more than a few dozen. */
export class RingBudget {
  readonly #holders = new Set<Holder>();

  constructor(private readonly totalBytes = 128 * 1024 * 1024) {}

  /** What each may hold now, in bytes. */
  get share(): number {
    return Math.min(MOST_BYTES, Math.max(LEAST_BYTES, this.totalBytes / Math.max(1, this.#holders.size)));
  }

  /** Until the answered function is called. The others make room. */
  join(holder: Holder): () => void {
    const before = this.share;
    this.#holders.add(holder);
    if (this.share < before) for (const one of this.#holders) one.trim();
    return () => void this.#holders.delete(holder);
  }
}
