import type { MikroORM } from '@mikro-orm/postgresql';
import { BuildLog, type BuildLine } from '../../entities/build-log.js';
import type { Build } from '../../entities/build.js';
import { newId } from '../../entities/columns.js';
import type { Vault } from '../../vault/vault.js';

const WRITE_EVERY_MS = 300;
/** Of one build, so many bytes of text are kept. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Keeps the lines of one build as they come, a few times a second. */
export class BuildLogWriter {
  #waiting: BuildLine[] = [];
  #next: number;
  #bytes = 0;
  #writing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #failure: unknown;

  constructor(
    private readonly orm: MikroORM,
    private readonly vault: Pick<Vault, 'seal'>,
    private readonly build: Pick<Build, 'id' | 'teamId'>,
    firstLine: number,
  ) {
    this.#next = firstLine;
  }

  add(...lines: BuildLine[]): void {
    for (const line of lines) {
      if (this.#bytes > MOST_BYTES) return;
      this.#bytes += line.message.length;
      this.#waiting.push(this.#bytes > MOST_BYTES ? { at: line.at, step: null, message: 'The log is longer than what is kept of one build (4 MiB): the rest is left out.' } : line);
    }
    this.#timer ??= setTimeout(() => this.#flush(), WRITE_EVERY_MS);
  }

  say(message: string): void {
    this.add({ at: Date.now(), step: null, message });
  }

  /** Everything that was added is written, or it throws. */
  async end(): Promise<void> {
    this.#flush();
    await this.#writing;
    if (this.#failure) throw this.#failure;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length === 0) return;
    const lines = this.#waiting;
    const firstLine = this.#next;
    this.#waiting = [];
    this.#next += lines.length;
    this.#writing = this.#writing.then(() => this.#write(lines, firstLine)).catch((error: unknown) => void (this.#failure = error));
  }

  async #write(lines: BuildLine[], firstLine: number): Promise<void> {
    await this.orm.em.fork().transactional(async (tx) => {
      const id = newId();
      const sealedText = await this.vault.seal(tx, this.build.teamId, id, JSON.stringify(lines));
      await tx.insert(BuildLog, { id, buildId: this.build.id, firstLine, lines: lines.length, sealedText, createdAt: new Date() });
    });
  }
}
