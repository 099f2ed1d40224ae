import { createHash, randomBytes } from 'node:crypto';

const PREFIX = 'apex_';
const SECRET_BYTES = 32;
const SHOWN = PREFIX.length + 6;
const SHAPE = /^apex_[A-Za-z0-9_-]{43}$/;

/** A new secret of 256 random bits. Its mark lets scanners of leaked secrets find it. */
export const newTokenSecret = (): string => PREFIX + randomBytes(SECRET_BYTES).toString('base64url');

/** What is kept of a secret. */
export const hashToken = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** Enough to tell tokens apart, and far too little to guess one. */
export const prefixOf = (secret: string): string => secret.slice(0, SHOWN);

/** The secret in an Authorization header, or null where there is none of our shape. */
export function bearerToken(header: string | undefined): string | null {
  const [, secret] = /^Bearer +(\S+) *$/i.exec(header ?? '') ?? [];
  return secret ? wellFormed(secret) : null;
}

/** The secret itself where it has our shape, else null. */
export const wellFormed = (secret: string): string | null => (SHAPE.test(secret) ? secret : null);
