import type { Logger } from '../../../logger.js';
import type { S3Storage } from '../../../outside/s3-storage.js';

const EVERY_MS = 60 * 60_000;
/** No backup takes that long (`LongWork`). */
const ORPHAN_MS = 3 * 60 * 60_000;

/** Ends uploads that a killed server left half done: they are seen in no list and cost their room. Any server may do it. */
export class UploadSweep {
  #timer: NodeJS.Timeout | undefined;
  readonly #ended = new AbortController();

  constructor(
    private readonly storage: S3Storage,
    private readonly installationId: string,
    private readonly logger: Logger,
  ) {}

  start(): void {
    void this.#run();
    this.#timer = setInterval(() => void this.#run(), EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#ended.abort();
  }

  async #run(): Promise<void> {
    try {
      await this.storage.endUploads(`${this.installationId}/`, new Date(Date.now() - ORPHAN_MS), this.#ended.signal);
    } catch (error) {
      if (!this.#ended.signal.aborted) this.logger.warn({ err: error }, 'half uploads could not be looked for and are tried again later');
    }
  }
}
