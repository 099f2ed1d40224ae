import type { FailedStep } from './build-progress.js';

/** The build cannot succeed as things are. The message is for the user. */
export class BuildFailed extends Error {
  override readonly name = 'BuildFailed';
  constructor(
    message: string,
    readonly step: FailedStep | null = null,
  ) {
    super(message);
  }
}
