import { stripVTControlCharacters } from 'node:util';
import type { LogFields, LogLevel } from '../port.js';
import { levelOf, levelOfValue } from './line-level.js';

/** What a line of a container says. */
export interface LineText {
  /** The line without colours; of a JSON line, its message where it has one. */
  message: string;
  level: LogLevel | null;
  /** What else a JSON line holds; null for any other line. */
  fields: LogFields | null;
  /** The whole line without colours: what `text` and `regex` are looked for in. */
  plain: string;
}

/** As the loggers in use write them, the commonest first. */
const MESSAGE_KEYS = ['msg', 'message', '@m', '@message', 'event', 'text'] as const;
const LEVEL_KEYS = ['level', 'severity', 'lvl', 'log.level', 'levelname', 'loglevel', '@l', '@level'] as const;
/** Deeper ones are plain text: they could not be written out again. */
const MOST_DEPTH = 32;

/** Reads a line as the container wrote it. Never throws. */
export function readText(raw: string): LineText {
  const plain = raw.includes('\u001b') || raw.includes('\u009b') ? stripVTControlCharacters(raw) : raw;
  const object = plain.startsWith('{') ? readObject(plain) : null;
  return object ? ofObject(plain, object) : { message: plain, level: levelOf(plain), fields: null, plain };
}

function ofObject(plain: string, object: LogFields): LineText {
  const messageKey = MESSAGE_KEYS.find((key) => typeof object[key] === 'string');
  const levelKey = LEVEL_KEYS.find((key) => levelOfValue(object[key]) !== null);
  const fields = Object.fromEntries(Object.entries(object).filter(([key]) => key !== messageKey && key !== levelKey));
  return {
    message: messageKey === undefined ? plain : (object[messageKey] as string),
    level: levelKey === undefined ? null : levelOfValue(object[levelKey]),
    fields,
    plain,
  };
}

function readObject(text: string): LogFields | null {
  if (!text.trimEnd().endsWith('}')) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && isShallow(value, MOST_DEPTH) ? value : null;
  } catch {
    return null;
  }
}

const isObject = (value: unknown): value is LogFields => typeof value === 'object' && value !== null && !Array.isArray(value);

function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((inner) => isShallow(inner, depth - 1));
}
