import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const FORM = /^sha256=([0-9a-f]{64})$/;

/**
 * Whether `X-Hub-Signature-256` is that of these very bytes. It takes as long for a wrong signature as for a right one, and
 * where there is no secret nothing holds.
 */
export function signatureHolds(secret: string | null | undefined, body: Uint8Array, signature: string | undefined): boolean {
  const given = FORM.exec(signature ?? '')?.[1];
  const expected = createHmac('sha256', secret || randomBytes(32)).update(body).digest();
  const isEqual = timingSafeEqual(expected, given ? Buffer.from(given, 'hex') : Buffer.alloc(expected.length));
  return isEqual && given !== undefined && Boolean(secret);
}
