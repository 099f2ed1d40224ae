import type { StoredLine } from './stored-line.js';

const NEWLINE = 10;
const TAB = 9;

/** What the lines of a segment have in common, once. */
interface Head {
  version: 1;
  /** Nanoseconds, of which each line has its distance. */
  base: string;
  origins: { run: string; replica: string; deploymentId: string | null }[];
}

/** The text of a segment: a line of JSON with what is common, then `distance ordinal origin cut` and the line itself, each in a line. */
export function writeText(lines: readonly StoredLine[]): Buffer {
  const base = lines[0]?.ns ?? 0n;
  const origins: Head['origins'] = [];
  const numbers = new Map<string, number>();
  const rows = lines.map(({ run, ns, ordinal, replica, deploymentId, raw, cut }) => {
    const key = `${run} ${replica} ${deploymentId}`;
    let number = numbers.get(key);
    if (number === undefined) {
      number = origins.push({ run, replica, deploymentId }) - 1;
      numbers.set(key, number);
    }
    return `${(ns - base).toString(36)}\t${ordinal.toString(36)}\t${number.toString(36)}\t${cut ? 1 : 0}\t${raw}\n`;
  });
  const head: Head = { version: 1, base: String(base), origins };
  return Buffer.from(`${JSON.stringify(head)}\n${rows.join('')}`);
}

/** Reads the text of a segment, all of it or line by line. */
export class SegmentText {
  readonly #head: Head;
  readonly #base: bigint;
  /** Where each line begins. */
  readonly #begins: number[] = [];

  constructor(private readonly bytes: Buffer) {
    const end = bytes.indexOf(NEWLINE);
    this.#head = JSON.parse(bytes.toString('utf8', 0, end)) as Head;
    this.#base = BigInt(this.#head.base);
    for (let at = end + 1; at < bytes.length; at = bytes.indexOf(NEWLINE, at) + 1) this.#begins.push(at);
  }

  get length(): number {
    return this.#begins.length;
  }

  line(index: number): StoredLine {
    const begin = this.#begins[index]!;
    const end = this.bytes.indexOf(NEWLINE, begin);
    let at = begin;
    const [distance, ordinal, origin, cut] = [0, 1, 2, 3].map(() => {
      const tab = this.bytes.indexOf(TAB, at);
      const part = this.bytes.toString('latin1', at, tab);
      at = tab + 1;
      return part;
    });
    return {
      ...this.#head.origins[Number.parseInt(origin!, 36)]!,
      ns: this.#base + signed36(distance!),
      ordinal: Number.parseInt(ordinal!, 36),
      cut: cut === '1',
      raw: this.bytes.toString('utf8', at, end),
    };
  }

  /** The numbers of the lines that hold these bytes, rising. */
  holding(needle: Buffer): number[] {
    const found: number[] = [];
    let index = 0;
    for (let hit = this.bytes.indexOf(needle, this.#begins[0] ?? this.bytes.length); hit >= 0; ) {
      while (index + 1 < this.#begins.length && this.#begins[index + 1]! <= hit) index += 1;
      found.push(index);
      const next = this.#begins[index + 1];
      hit = next === undefined ? -1 : this.bytes.indexOf(needle, next);
    }
    return found;
  }

  all(): StoredLine[] {
    return this.#begins.map((_begin, index) => this.line(index));
  }
}

const signed36 = (text: string): bigint => BigInt(text.startsWith('-') ? -Number.parseInt(text.slice(1), 36) : Number.parseInt(text, 36));
