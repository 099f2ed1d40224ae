import type { SegmentFiles } from './segment-folder.js';

/** Segments are written where the settings say; those of the settings before are found until they are too old. */
export class SegmentPlaces implements SegmentFiles {
  constructor(
    private readonly present: SegmentFiles,
    private readonly former: SegmentFiles,
  ) {}

  write(teamId: string, id: string, bytes: Buffer): Promise<void> {
    return this.present.write(teamId, id, bytes);
  }

  async head(teamId: string, id: string, length: number, signal?: AbortSignal): Promise<Buffer | null> {
    return (await this.present.head(teamId, id, length, signal)) ?? this.former.head(teamId, id, length, signal);
  }

  async read(teamId: string, id: string, signal?: AbortSignal): Promise<Buffer | null> {
    return (await this.present.read(teamId, id, signal)) ?? this.former.read(teamId, id, signal);
  }

  async remove(teamId: string, id: string): Promise<void> {
    await Promise.all([this.present.remove(teamId, id), this.former.remove(teamId, id)]);
  }

  async *written(until: Date): AsyncGenerator<{ teamId: string; id: string }> {
    yield* this.present.written(until);
    yield* this.former.written(until);
  }
}
