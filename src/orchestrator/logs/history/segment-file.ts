import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { promisify, stripVTControlCharacters } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import type { StoredLine } from './stored-line.js';
import { SegmentText, writeText } from './segment-text.js';
import { trigramsOf } from './trigram-filter.js';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

const MAGIC = Buffer.from('APEXLOG1');
const KEY_BYTES = 32;
const TAG_BYTES = 16;
const LENGTH_BYTES = 4;
const ESCAPE = 0x1b;
const BACKSLASH = 0x5c;
/** No segment is near it; a file that claims more is broken. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Holds what stands before the lines of nearly every segment. */
export const HEAD_BYTES = 20 * 1024;

/** The file of a segment: the filter, then the lines; each compressed and sealed under the file's own key, bound to its id. */
export interface SegmentFile {
  key: Buffer;
  bytes: Buffer;
}

export async function writeSegment(id: string, lines: readonly StoredLine[]): Promise<SegmentFile> {
  const key = randomBytes(KEY_BYTES);
  const text = writeText(lines);
  // Text is searched as it reads without colours.
  const searched = text.includes(ESCAPE) ? Buffer.from(stripVTControlCharacters(text.toString('utf8'))) : text;
  const [filter, body] = await Promise.all([compress(trigramsOf(searched)), compress(text, { params: { [constants.ZSTD_c_compressionLevel]: 3 } })]);
  const sealedFilter = seal(key, id, 'filter', filter);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(sealedFilter.length);
  return { key, bytes: Buffer.concat([MAGIC, length, sealedFilter, seal(key, id, 'lines', body)]) };
}

/** The filter in the first bytes of a file; null where they do not hold all of it. Throws for what is no such file. */
export async function readFilter(id: string, key: Buffer, head: Buffer): Promise<Buffer | null> {
  const end = filterEnd(head);
  if (head.length < end) return null;
  return decompress(open(key, id, 'filter', head.subarray(MAGIC.length + LENGTH_BYTES, end)), { maxOutputLength: MOST_BYTES });
}

/** What was in a file. */
export interface SegmentContent {
  text: SegmentText;
  hasColors: boolean;
  /** JSON may write a character in another way than it reads. */
  hasEscapes: boolean;
}

/** The lines of a whole file. Throws for what is no such file, or was altered. */
export async function readLines(id: string, key: Buffer, bytes: Buffer): Promise<SegmentContent> {
  const text = await decompress(open(key, id, 'lines', bytes.subarray(filterEnd(bytes))), { maxOutputLength: MOST_BYTES });
  return { text: new SegmentText(text), hasColors: text.includes(ESCAPE), hasEscapes: text.includes(BACKSLASH) };
}

function filterEnd(bytes: Buffer): number {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('Not a segment of logs');
  return MAGIC.length + LENGTH_BYTES + bytes.readUInt32BE(MAGIC.length);
}

type Part = 'filter' | 'lines';

/** A key seals one filter and one body, so a fixed nonce for each is used once. */
const nonceOf = (part: Part): Buffer => Buffer.alloc(12, part === 'filter' ? 1 : 2);
const bindingOf = (id: string, part: Part): Buffer => Buffer.from(`log segment ${id} ${part}`);

function seal(key: Buffer, id: string, part: Part, plain: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonceOf(part), { authTagLength: TAG_BYTES });
  cipher.setAAD(bindingOf(id, part));
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function open(key: Buffer, id: string, part: Part, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(part), { authTagLength: TAG_BYTES });
  decipher.setAAD(bindingOf(id, part));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]);
}
