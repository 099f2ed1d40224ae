import { mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const LARGEST_BYTES = 10 * 1024 * 1024;
const SHOWN_LINES = 10;
/** Of a Node stack trace, what tells a person nothing. */
const NOISE = /^\s+at |^Node\.js v|^\s*$/;

/** Opens a log for appending, for its owner alone; one that has grown large is set aside first. */
export function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (logSize(path) > LARGEST_BYTES) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}

export function logSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** The last lines of what was written after the log had this size. */
export function logSince(path: string, size: number): string {
  const all = readFileSync(path);
  return all.subarray(all.length < size ? 0 : size).toString('utf8').split('\n').filter((line) => !NOISE.test(line)).slice(-SHOWN_LINES).join('\n');
}
