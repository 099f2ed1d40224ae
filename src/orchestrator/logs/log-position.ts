import { badRequest } from '../../errors.js';

/** A place in one container's log: the time in nanoseconds, and which of the lines of that very time. */
export interface Position {
  ns: bigint;
  ordinal: number;
}

/** For each source (a container between two restarts) the last line that a reader has. */
export type Positions = ReadonlyMap<string, Position>;

/** A source that was silent for longer than this is left out of a cursor; see `isBehind`. */
export const WINDOW_NS = 60_000_000_000n;
const VERSION = '1';

export const isAfter = (a: Position, b: Position): boolean => a.ns > b.ns || (a.ns === b.ns && a.ordinal > b.ordinal);

/** A reader's place in all the logs of a service. */
export interface Cursor {
  /** Time of the line that the cursor was given with. */
  ns: bigint;
  positions: Positions;
}

/** The reader lacks the line. Of a source that the cursor does not name it has everything up to `WINDOW_NS` before the cursor. */
export function isBehind(cursor: Cursor, source: string, line: Position): boolean {
  const known = cursor.positions.get(source);
  return known ? isAfter(line, known) : line.ns > cursor.ns - WINDOW_NS;
}

/** Opaque text. It names each source that said something lately, because lines of two containers need not arrive in the order of their times. */
export function encodeCursor(ns: bigint, positions: Positions): string {
  const sources: string[] = [];
  for (const [source, position] of positions) {
    if (position.ns > ns - WINDOW_NS) sources.push(`${source}:${(position.ns - ns).toString(36)}:${position.ordinal.toString(36)}`);
  }
  return Buffer.from([VERSION, ns.toString(36), ...sources.sort()].join('/')).toString('base64url');
}

/** Throws BAD_REQUEST for what is no cursor of ours. */
export function decodeCursor(text: string): Cursor {
  const [version, time = '', ...sources] = Buffer.from(text, 'base64url').toString().split('/');
  const ns = fromBase36(time);
  if (version !== VERSION || ns === null) throw notACursor();
  const positions = new Map<string, Position>();
  for (const entry of sources) {
    const match = /^([a-z0-9.-]+):(-?[0-9a-z]+):([0-9a-z]+)$/.exec(entry);
    const delta = match && fromBase36(match[2] ?? '');
    if (!match || delta === null) throw notACursor();
    positions.set(match[1] ?? '', { ns: ns + delta, ordinal: Number.parseInt(match[3] ?? '0', 36) });
  }
  return { ns, positions };
}

const notACursor = () => badRequest('The cursor is not valid.', [{ path: 'after', message: 'must be the cursor of a log line' }]);

function fromBase36(text: string): bigint | null {
  if (!/^-?[0-9a-z]{1,20}$/.test(text)) return null;
  const negative = text.startsWith('-');
  let value = 0n;
  for (const digit of negative ? text.slice(1) : text) value = value * 36n + BigInt(Number.parseInt(digit, 36));
  return negative ? -value : value;
}

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** Nanoseconds since 1970 of a time as Kubernetes writes it; null for any other text. */
export function parseTime(text: string): bigint | null {
  const match = TIME.exec(text);
  if (!match) return null;
  const seconds = Date.parse(`${match[1]}${match[3]}`);
  return Number.isNaN(seconds) ? null : BigInt(seconds) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}

export const toDate = (ns: bigint): Date => new Date(Number(ns / 1_000_000n));
export const fromDate = (date: Date): bigint => BigInt(date.getTime()) * 1_000_000n;
