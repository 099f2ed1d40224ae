import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

const LOOK_EVERY_MS = 200;
const CHUNK_BYTES = 64 * 1024;
const UNTOLD = new Set(['time', 'level', 'msg', 'err', 'requestId', 'pid', 'hostname']);
const LINE = z.looseObject({ time: z.string(), level: z.string(), msg: z.string(), err: z.object({ message: z.string() }).optional() });

/** One line of the server's log as a person reads it. What is no log line is shown as it is. */
export function terse(line: string): string {
  let parsed;
  try {
    parsed = LINE.safeParse(JSON.parse(line)).data;
  } catch {
    return line;
  }
  if (!parsed) return line;
  const fields = Object.entries(parsed).filter(([name, value]) => !UNTOLD.has(name) && ['string', 'number', 'boolean'].includes(typeof value));
  const level = parsed.level === 'info' ? '' : ` ${parsed.level.toUpperCase()}`;
  const told = fields.map(([name, value]) => ` ${name}=${String(value)}`).join('');
  return `${parsed.time.slice(11, 19)}${level} ${parsed.msg}${told}${parsed.err ? `: ${parsed.err.message}` : ''}`;
}

/** The lines that are written to a log after the point `from`, until told to stop. */
export async function* follow(path: string, from: number, signal: AbortSignal): AsyncGenerator<string> {
  let at = from;
  let rest = '';
  const chunk = Buffer.alloc(CHUNK_BYTES);
  while (!signal.aborted) {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (size < at) at = 0; // a new file in the old one's place
    if (size === at) {
      await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
      continue;
    }
    const file = openSync(path, 'r');
    const length = readSync(file, chunk, 0, Math.min(CHUNK_BYTES, size - at), at);
    closeSync(file);
    at += length;
    const lines = (rest + chunk.toString('latin1', 0, length)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield Buffer.from(line, 'latin1').toString('utf8');
  }
}
