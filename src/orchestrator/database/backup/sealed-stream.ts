import { createCipheriv, createDecipheriv } from 'node:crypto';

/**
 * A stream sealed with AES-256-GCM in pieces, under a key of its own. The format: `APEXBAK1`, then pieces of 64 KiB of
 * content (the last one shorter, perhaps empty), each followed by its tag of 16 bytes. The nonce is the piece's number; what
 * is authenticated beside it is the object's id, that number, and whether it is the last. So a piece that was altered, cut
 * off, moved, or taken from another object does not open.
 */
const MAGIC = Buffer.from('APEXBAK1');
const PIECE = 64 * 1024;
const TAG_BYTES = 16;

/** Seals a stream. A key must seal one stream only. */
export async function* sealStream(key: Buffer, id: string, content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield MAGIC;
  let number = 0;
  for await (const { piece, last } of piecesOf(content, PIECE)) {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(number), { authTagLength: TAG_BYTES });
    cipher.setAAD(bindingOf(id, number, last));
    yield Buffer.concat([cipher.update(piece), cipher.final(), cipher.getAuthTag()]);
    number += 1;
  }
}

/** Opens what `sealStream` sealed. Throws at the first piece that is not as it was, so what came before it may have been used already. */
export async function* openStream(key: Buffer, id: string, sealed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let number = 0;
  for await (const { piece, last } of piecesOf(withoutMagic(sealed), PIECE + TAG_BYTES)) {
    if (piece.length < TAG_BYTES) throw new Error('The backup is cut off');
    const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(number), { authTagLength: TAG_BYTES });
    decipher.setAAD(bindingOf(id, number, last));
    decipher.setAuthTag(piece.subarray(-TAG_BYTES));
    let plain: Buffer;
    try {
      plain = Buffer.concat([decipher.update(piece.subarray(0, -TAG_BYTES)), decipher.final()]);
    } catch {
      throw new Error(`Piece ${number} of the backup is not what was written`);
    }
    if (plain.length > 0) yield plain;
    number += 1;
  }
}

function nonceOf(number: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(number), 4);
  return nonce;
}

const bindingOf = (id: string, number: number, last: boolean): Buffer => Buffer.from(`backup ${id} ${number} ${last ? 'last' : 'more'}`);

async function* withoutMagic(sealed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let head = Buffer.alloc(0);
  for await (const chunk of sealed) {
    if (head.length === MAGIC.length) {
      yield chunk;
      continue;
    }
    const seen = Buffer.concat([head, chunk]);
    head = seen.subarray(0, MAGIC.length);
    if (seen.length > MAGIC.length) yield seen.subarray(MAGIC.length);
  }
  if (!head.equals(MAGIC)) throw new Error('Not a backup');
}

/** The stream anew in pieces of `size`; the last, and only that, may be shorter, and there is always one. */
async function* piecesOf(stream: AsyncIterable<Buffer>, size: number): AsyncGenerator<{ piece: Buffer; last: boolean }> {
  let waiting: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    waiting.push(chunk);
    length += chunk.length;
    if (length <= size) continue;
    let rest = Buffer.concat(waiting);
    // A full piece waits until more has come: only then it is not the last.
    while (rest.length > size) {
      yield { piece: rest.subarray(0, size), last: false };
      rest = rest.subarray(size);
    }
    waiting = [rest];
    length = rest.length;
  }
  yield { piece: Buffer.concat(waiting), last: true };
}
