/** Work that waits for longer than this goes on all the same. */
const MOST_PATIENCE_MS = 5_000;

/** Who waits for an answer goes before the work for which nobody waits: both share one processor. */
export class Courtesy {
  private answering = 0;
  private readonly waiting = new Set<() => void>();

  /** Somebody waits for what this answers. */
  async answer<T>(answer: Promise<T>): Promise<T> {
    this.answering += 1;
    try {
      return await answer;
    } finally {
      this.answering -= 1;
      if (this.answering === 0) for (const go of this.waiting) go();
    }
  }

  /** Resolves once nobody waits for an answer, or after a while. */
  turn(patienceMs = MOST_PATIENCE_MS): Promise<void> {
    if (this.answering === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(late);
        this.waiting.delete(go);
        resolve();
      };
      const late = setTimeout(go, patienceMs);
      this.waiting.add(go);
    });
  }
}
