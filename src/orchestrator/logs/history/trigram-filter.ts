const FILTER_BYTES = 16 * 1024;
const BITS = FILTER_BYTES * 8;
const HASHES = 3;
/** Characters that every writer of JSON leaves as they are: others may be written in several ways. */
const PLAIN = /[A-Za-z0-9 _.,:;()[\]@#%|~!?*-]{3,}/g;

/**
 * Which three letters in a row occur in a text: whoever searches for a text learns from it, nearly always, that a segment
 * does not hold it, and need not open the segment. It never misses one that does.
 */
export function trigramsOf(bytes: Buffer): Buffer {
  const filter = Buffer.alloc(FILTER_BYTES);
  const seen = new Uint8Array((1 << 24) / 8);
  for (let at = 2, trigram = (bytes[0]! << 8) | bytes[1]!; at < bytes.length; at += 1) {
    trigram = ((trigram << 8) | bytes[at]!) & 0xffffff;
    const place = trigram >> 3;
    const bit = 1 << (trigram & 7);
    if (seen[place]! & bit) continue;
    seen[place]! |= bit;
    for (const position of positions(trigram)) filter[position >> 3]! |= 1 << (position & 7);
  }
  return filter;
}

/** False where the text is certainly not there. */
export function mayHold(filter: Buffer, text: string): boolean {
  for (const [piece] of text.matchAll(PLAIN)) {
    for (let at = 0; at + 3 <= piece.length; at += 1) {
      const trigram = (piece.charCodeAt(at) << 16) | (piece.charCodeAt(at + 1) << 8) | piece.charCodeAt(at + 2);
      if (!positions(trigram).every((position) => filter[position >> 3]! & (1 << (position & 7)))) return false;
    }
  }
  return true;
}

/** Whether the text is written in one way only, so that its bytes can be looked for. */
export const isPlain = (text: string): boolean => /^[A-Za-z0-9 _.,:;()[\]@#%|~!?*-]+$/.test(text);

function positions(trigram: number): number[] {
  const one = Math.imul(trigram, 0x9e3779b1) >>> 0;
  const two = Math.imul(trigram ^ (trigram >>> 11), 0x85ebca6b) >>> 0;
  return Array.from({ length: HASHES }, (_none, round) => (one + round * ((two | 1) >>> 0)) % BITS);
}
