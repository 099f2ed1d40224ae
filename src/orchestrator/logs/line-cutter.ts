/** A line over this is cut. */
export const LINE_BYTES = 64 * 1024;
/** Kubernetes' time stands before each line. */
const STAMP_BYTES = 64;
const NEWLINE = 10;

/** One line of a stream of bytes. */
export interface CutLine {
  text: string;
  /** It was longer, and its rest is not here. */
  cut: boolean;
}

/**
 * Cuts bytes into lines. Of a line that never ends it holds the first 64 KiB and lets the rest go by; what is not UTF-8
 * becomes the replacement character, one line at a time, so a broken byte never spoils the line behind it.
 */
export class LineCutter {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #held: Uint8Array[] = [];
  #bytes = 0;
  #cut = false;

  /** The lines that end in this chunk. */
  read(chunk: Uint8Array): CutLine[] {
    const lines: CutLine[] = [];
    let begin = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, begin)) {
      this.#hold(chunk.subarray(begin, end));
      lines.push(this.#take());
      begin = end + 1;
    }
    if (begin < chunk.length) this.#hold(chunk.subarray(begin));
    return lines;
  }

  /** What came behind the last line's end; null where nothing did. */
  end(): CutLine | null {
    return this.#bytes > 0 ? this.#take() : null;
  }

  #hold(part: Uint8Array): void {
    const room = LINE_BYTES + STAMP_BYTES - this.#bytes;
    if (part.length > room) this.#cut = true;
    const kept = part.length > room ? part.subarray(0, room) : part;
    if (kept.length === 0) return;
    this.#held.push(kept);
    this.#bytes += kept.length;
  }

  #take(): CutLine {
    const text = this.#decoder.decode(this.#held.length === 1 ? this.#held[0] : Buffer.concat(this.#held));
    const cut = this.#cut;
    this.#held = [];
    this.#bytes = 0;
    this.#cut = false;
    return { text: text.endsWith('\r') ? text.slice(0, -1) : text, cut };
  }
}

/** The first 64 KiB of a message, whole characters only. */
export function limited(message: string): CutLine {
  if (message.length * 3 <= LINE_BYTES || Buffer.byteLength(message) <= LINE_BYTES) return { text: message, cut: false };
  const bytes = Buffer.from(message);
  let end = LINE_BYTES;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end -= 1;
  return { text: bytes.toString('utf8', 0, end), cut: true };
}
