import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const VERSION = 'v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_LENGTH = 16;

/** A sealed text: which key sealed it is readable, the rest is not. */
interface Box {
  keyId: string;
  nonce: Buffer;
  sealed: Buffer;
}

/** AES-256-GCM under `key`. It opens only with the same key id and `binding` (whose it is), so it cannot be moved to another row. */
export function sealWith(key: Buffer, keyId: string, binding: string, plaintext: Buffer): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(`${keyId}|${binding}`));
  const sealed = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  return [VERSION, keyId, nonce.toString('base64url'), sealed.toString('base64url')].join('.');
}

/** Throws when the key, the binding or a single bit is another. */
export function openWith(key: Buffer, binding: string, box: string): Buffer {
  const { keyId, nonce, sealed } = parse(box);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(`${keyId}|${binding}`));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]);
  } catch {
    throw new Error(`What key ${keyId} sealed cannot be opened: another key, another row, or it was altered`);
  }
}

/** The id of the key that sealed it. */
export const keyIdOf = (box: string): string => parse(box).keyId;

/** A name for a key that says nothing of it. */
export const fingerprint = (key: Buffer): string =>
  createHash('sha256').update('apex key id').update(key).digest('hex').slice(0, KEY_ID_LENGTH);

function parse(box: string): Box {
  const [version, keyId, nonce, sealed, ...rest] = box.split('.');
  if (version !== VERSION || !keyId || !nonce || !sealed || rest.length > 0) throw new Error('What should be sealed is not');
  return { keyId, nonce: Buffer.from(nonce, 'base64url'), sealed: Buffer.from(sealed, 'base64url') };
}
