import { NodeProblem } from '../node/node-problem.js';

/** Something that the user can put right. The message is one sentence that says what to do. */
export class Problem extends Error {
  constructor(
    sentence: string,
    readonly exitCode = 1,
  ) {
    super(sentence);
    this.name = 'Problem';
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What a failed command prints, and its exit code. A stack trace is for faults of ours only. */
export function verdict(error: unknown): { text: string; exitCode: number } {
  if (error instanceof Problem) return { text: error.message, exitCode: error.exitCode };
  if (error instanceof NodeProblem) return { text: error.message, exitCode: 1 };
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC') return { text: `The disk is full${path ? ` (writing ${path})` : ''}: free some space, then run the command again.`, exitCode: 1 };
  if (code === 'EACCES' || code === 'EROFS') return { text: `${path ?? 'A file'} may not be written by this account: run the command as its owner or as root.`, exitCode: 1 };
  return { text: error instanceof Error ? (error.stack ?? error.message) : String(error), exitCode: 1 };
}
