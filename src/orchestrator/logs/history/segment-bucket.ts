import type { S3Storage } from '../../../outside/s3-storage.js';
import { ENDING, type SegmentFiles } from './segment-folder.js';

/** A segment is about a megabyte, so whoever waits for it knows soon that the storage is away. */
const DEADLINE_MS = 20_000;

/** Segments in S3-compatible storage: `<installation>/logs/<team>/<segment>.segment`. */
export class SegmentBucket implements SegmentFiles {
  constructor(
    private readonly storage: S3Storage,
    private readonly installationId: string,
  ) {}

  async write(teamId: string, id: string, bytes: Buffer): Promise<void> {
    await this.storage.putBytes(this.#key(teamId, id), bytes, AbortSignal.timeout(DEADLINE_MS));
  }

  head(teamId: string, id: string, length: number, signal?: AbortSignal): Promise<Buffer | null> {
    return this.#read(teamId, id, signal, length);
  }

  read(teamId: string, id: string, signal?: AbortSignal): Promise<Buffer | null> {
    return this.#read(teamId, id, signal);
  }

  async remove(teamId: string, id: string): Promise<void> {
    await this.storage.remove(this.#key(teamId, id), AbortSignal.timeout(DEADLINE_MS));
  }

  async *written(until: Date): AsyncGenerator<{ teamId: string; id: string }> {
    for await (const { key, writtenAt } of this.storage.list(this.#folder())) {
      const [teamId, name] = key.slice(this.#folder().length).split('/');
      if (writtenAt < until && teamId && name?.endsWith(ENDING)) yield { teamId, id: name.slice(0, -ENDING.length) };
    }
  }

  async #read(teamId: string, id: string, signal: AbortSignal | undefined, length?: number): Promise<Buffer | null> {
    const late = AbortSignal.timeout(DEADLINE_MS);
    const content = await this.storage.get(this.#key(teamId, id), signal ? AbortSignal.any([signal, late]) : late, length);
    if (!content) return null;
    const chunks: Buffer[] = [];
    for await (const chunk of content) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  #key(teamId: string, id: string): string {
    return `${this.#folder()}${teamId}/${id}${ENDING}`;
  }

  #folder(): string {
    return `${this.installationId}/logs/`;
  }
}
