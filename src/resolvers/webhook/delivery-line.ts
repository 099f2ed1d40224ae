/** No transaction becomes longer than this many deliveries make it. */
const MOST_TOGETHER = 50;
/** Nor larger; one that alone is larger goes alone. */
const MOST_BYTES = 4 * 1024 * 1024;

interface Waiting<T, R> {
  item: T;
  resolve: (result: R) => void;
  reject: (error: unknown) => void;
}

/**
 * Deliveries that come while others are being written wait, and are then written together: a transaction for each would
 * cost more than all that is in it, and those about one service would only wait for one another's lock.
 */
export class DeliveryLine<T extends { bytes: number }, R> {
  private readonly waiting: Waiting<T, R>[] = [];
  private isServing = false;

  /**
   * `together` answers for each of the given, in their order, or with undefined for what has to wait for others: that is done
   * `alone`, and the line goes on. Where it fails, nothing of it is done, and each is tried alone.
   */
  constructor(
    private readonly together: (items: readonly T[]) => Promise<(R | undefined)[]>,
    private readonly alone: (item: T) => Promise<R>,
  ) {}

  take(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      if (!this.isServing) void this.serve();
    });
  }

  private async serve(): Promise<void> {
    this.isServing = true;
    while (this.waiting.length > 0) {
      const group = this.next();
      try {
        const results = await this.together(group.map(({ item }) => item));
        for (const [n, { item, resolve, reject }] of group.entries()) {
          const result = results[n];
          if (result !== undefined) resolve(result);
          else this.alone(item).then(resolve, reject);
        }
      } catch {
        // What one of them met is not the others' concern, and the line does not wait for it.
        for (const { item, resolve, reject } of group) this.alone(item).then(resolve, reject);
      }
    }
    this.isServing = false;
  }

  private next(): Waiting<T, R>[] {
    let bytes = 0;
    const end = this.waiting.findIndex(({ item }, n) => n >= MOST_TOGETHER || ((bytes += item.bytes) > MOST_BYTES && n > 0));
    return this.waiting.splice(0, end < 0 ? this.waiting.length : end);
  }
}
