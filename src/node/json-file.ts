import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Writes so that a reader sees the old content or the new, never half of it. */
export function writeFileAtomically(path: string, content: string, mode = 0o600): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, content, { mode });
  renameSync(temporary, path);
}

/** The parsed file, or undefined where it is missing or damaged. */
export function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

/** {@link writeFileAtomically} of a value as JSON. */
export function writeJson(path: string, value: unknown, mode = 0o600): void {
  writeFileAtomically(path, `${JSON.stringify(value, null, 2)}\n`, mode);
}
