import { LOG_LEVELS, type LogLevel } from '../port.js';

/** What loggers call the levels, in lower case. */
const NAMES: Readonly<Record<string, LogLevel>> = {
  trace: 'TRACE', verbose: 'TRACE', silly: 'TRACE',
  debug: 'DEBUG', dbg: 'DEBUG',
  info: 'INFO', information: 'INFO', informational: 'INFO', notice: 'INFO', log: 'INFO', note: 'INFO',
  warn: 'WARN', warning: 'WARN', wrn: 'WARN',
  error: 'ERROR', err: 'ERROR', severe: 'ERROR', eror: 'ERROR',
  fatal: 'FATAL', critical: 'FATAL', crit: 'FATAL', panic: 'FATAL', emerg: 'FATAL', emergency: 'FATAL', alert: 'FATAL',
};

/** Where a line's own words are looked for: what stands behind is its message. */
const HEAD = 160;
const WORDS = Object.keys(NAMES).join('|');
/** `level=warn`, `lvl="error"`. */
const PAIR = new RegExp(`(?:^|[\\s{,])(?:level|lvl|severity|loglevel)=["']?(${WORDS})\\b`, 'i');
/** `[error]`, `<Warning>`, `(INFO)`: a word in brackets, in any case. */
const BRACKETED = new RegExp(`[[(<](${WORDS})[\\])>]`, 'i');
/** `ERROR`, `WARN:`: a word by itself in capitals. */
const CAPITALS = new RegExp(`(?:^|[\\s|])(${WORDS.toUpperCase()})(?=[\\s:|]|$)`);
/** `error: …`, `Warning: …` at the very beginning. */
const LEADING = new RegExp(`^(${WORDS}):\\s`, 'i');
/** As Kubernetes' own programs write: `E0102 15:04:05.000000`. */
const KLOG = /^([IWEF])\d{4} \d\d:\d\d:\d\d/;
const KLOG_LEVELS: Readonly<Record<string, LogLevel>> = { I: 'INFO', W: 'WARN', E: 'ERROR', F: 'FATAL' };

/** The level that a line of text names plainly; null where it names none. */
export function levelOf(text: string): LogLevel | null {
  const head = text.length > HEAD ? text.slice(0, HEAD) : text;
  const word = (PAIR.exec(head) ?? LEADING.exec(head) ?? BRACKETED.exec(head) ?? CAPITALS.exec(head))?.[1];
  if (word) return NAMES[word.toLowerCase()] ?? null;
  return KLOG_LEVELS[KLOG.exec(head)?.[1] ?? ''] ?? null;
}

/** The level in a field of a JSON line: a name, or a number as pino and bunyan write it. */
export function levelOfValue(value: unknown): LogLevel | null {
  if (typeof value === 'string') return Object.hasOwn(NAMES, value.toLowerCase()) ? NAMES[value.toLowerCase()]! : null;
  if (typeof value !== 'number' || value < 10 || value >= 70) return null;
  return LOG_LEVELS[Math.floor(value / 10) - 1] ?? null;
}
