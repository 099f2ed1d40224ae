import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/** Who signs, and for whom, as the embedded node's registry is told in its settings. */
export const TOKEN_ISSUER = 'apex-node';
export const TOKEN_AUDIENCE = 'apex-node-registry';
/** All repositories: for containerd, which pulls whatever a pod names. */
export const EVERY_REPOSITORY = '*';

export type RegistryAction = 'pull' | 'push' | 'delete';

/** A new key for the tokens of a registry: PEM. */
export const newTokenKey = (): string => generateKeyPairSync('ed25519', { privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } }).privateKey;

/** What the registry has to know of the key: a JSON Web Key Set of its public half. */
export function publicKeys(privateKey: string): string {
  const key = createPrivateKey(privateKey);
  return JSON.stringify({ keys: [{ ...createPublicKey(key).export({ format: 'jwk' }), kid: idOf(key), use: 'sig', alg: 'EdDSA' }] });
}

/** A token of the distribution registry's kind (JWT) that allows the actions on one repository. `subject` is for its log. */
export function registryToken(privateKey: string, { subject, repository, actions, seconds }: { subject: string; repository: string; actions: readonly RegistryAction[]; seconds: number }, now = Date.now()): string {
  const key = createPrivateKey(privateKey);
  const issued = Math.floor(now / 1000);
  const claims = { iss: TOKEN_ISSUER, aud: TOKEN_AUDIENCE, sub: subject, iat: issued, nbf: issued, exp: issued + seconds, access: [{ type: 'repository', name: repository, actions }] };
  const signed = [{ typ: 'JWT', alg: 'EdDSA', kid: idOf(key) }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
}

const idOf = (key: KeyObject): string => createHash('sha256').update(createPublicKey(key).export({ type: 'spki', format: 'der' })).digest('hex').slice(0, 16);
