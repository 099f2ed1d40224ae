import type { Server } from 'node:http';
import type { Logger } from '../logger.js';

/** Time for answers that have begun, and for one part to let go; whatever hangs, the process ends after 30 s. */
const DRAIN_MS = 18_000;
const PART_MS = 10_000;
const SWEEP_MS = 50;

/** Everything that must be let go of, in the opposite order of its making. */
export class Stops {
  private readonly parts: { name: string; stop: () => Promise<void> }[] = [];
  private readonly controller = new AbortController();
  private http: Server | undefined;
  private running: Promise<void> | undefined;

  constructor(private readonly logger: Logger) {}

  /** Aborts when the stop begins. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  drain(http: Server): void {
    this.http = http;
  }

  add(name: string, stop: () => Promise<void>): void {
    this.parts.push({ name, stop });
  }

  /** Waits for a boot that is still on its way, so that nothing it makes is left behind. */
  run(boot: Promise<void>): Promise<void> {
    return (this.running ??= this.stop(boot));
  }

  private async stop(boot: Promise<void>): Promise<void> {
    this.controller.abort();
    const closed = new Promise<void>((resolve) => (this.http ? this.http.close(() => resolve()) : resolve()));
    await boot.catch(() => undefined);
    // A connection that answered its last request stays open for the next one, unless it is closed.
    const sweep = setInterval(() => this.http?.closeIdleConnections(), SWEEP_MS);
    const last = setTimeout(() => this.http?.closeAllConnections(), DRAIN_MS);
    for (const { name, stop } of this.parts.reverse()) {
      await within(PART_MS, stop()).catch((error: unknown) => this.logger.error({ part: name, error: error instanceof Error ? error.message : 'unknown' }, 'a part of the server did not stop'));
      // The first to stop is what answers: what it needs is still there until the answers have ended.
      if (name === 'doors') await within(DRAIN_MS, closed).catch(() => undefined);
    }
    clearTimeout(last);
    clearInterval(sweep);
    this.http?.closeAllConnections();
    await closed;
  }
}

function within(milliseconds: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
