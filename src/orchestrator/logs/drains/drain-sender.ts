import { setTimeout as sleep } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/postgresql';
import { LeaseLost, type Fence } from '../../../entities/fence.js';
import type { Logger } from '../../../logger.js';
import { AddressRefused, refusal } from '../../../outside/guarded-fetch.js';
import { DrainRefused, type DrainTarget } from './drained-line.js';
import type { DrainQueue } from './drain-queue.js';

const BACKOFF_MS = [1_000, 2_000, 5_000, 15_000, 30_000, 60_000] as const;
const IDLE_MS = 2_000;

/** Sends what waits for one drain until it is told to stop: one batch at a time, again and again until it is taken. */
export class DrainSender {
  readonly #stopped = new AbortController();
  #awake: AbortController = new AbortController();
  #running: Promise<void>;

  constructor(
    private readonly orm: MikroORM,
    private readonly logger: Logger,
    private readonly id: string,
    private readonly target: DrainTarget,
    private readonly queue: DrainQueue,
    private readonly fence: Fence,
  ) {
    this.#running = this.#run();
  }

  /** New lines are kept. */
  wake(): void {
    this.#awake.abort();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#awake.abort();
    await this.#running;
    this.target.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    for (let failures = 0; !signal.aborted; ) {
      try {
        const sent = await this.#sendAll(signal);
        failures = 0;
        if (sent === 0) await this.#pause(IDLE_MS, true);
      } catch (error) {
        if (signal.aborted || error instanceof LeaseLost) return;
        await this.#tell(error);
        await this.#pause(BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)]!, false);
        failures += 1;
      }
    }
  }

  async #sendAll(signal: AbortSignal): Promise<number> {
    let batches = 0;
    for await (const batch of this.queue.batches(signal)) {
      if (batch.lines.length > 0) await this.target.send(batch.lines, batch.from, signal);
      await this.queue.advance(batch, this.fence);
      batches += 1;
    }
    return batches;
  }

  async #pause(milliseconds: number, untilAwake: boolean): Promise<void> {
    this.#awake = new AbortController();
    const signal = untilAwake ? AbortSignal.any([this.#stopped.signal, this.#awake.signal]) : this.#stopped.signal;
    await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
  }

  async #tell(error: unknown): Promise<void> {
    this.logger.debug({ err: error, drain: this.id }, 'a drain does not take lines');
    await this.orm.em.fork().execute('update log_drain set last_error = ?, last_error_at = now() where id::text = ?', [sentence(error), this.id], 'run').catch(() => undefined);
  }
}

/** What the team may read of a failure: nothing of addresses behind the guard, and no text of the endpoint's. */
function sentence(error: unknown): string {
  const refused = error instanceof AddressRefused ? error : refusal(error);
  if (refused) return refused.message;
  if (error instanceof DrainRefused) return error.message;
  for (let cause = error as NodeJS.ErrnoException | undefined; cause; cause = cause.cause as NodeJS.ErrnoException | undefined) {
    const { code } = cause;
    if (code === 'ECONNREFUSED') return 'The endpoint refused the connection.';
    if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'The name of the endpoint could not be resolved.';
    if (code && /^(CERT_|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code)) return 'The certificate of the endpoint is not valid.';
    if (cause.name === 'TimeoutError' || code === 'ETIMEDOUT' || code === 'UND_ERR_CONNECT_TIMEOUT') return 'The endpoint did not answer in time.';
  }
  return 'The endpoint cannot be reached, or closed the connection.';
}
