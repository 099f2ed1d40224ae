import { existsSync, readFileSync } from 'node:fs';
import { EVERY_REPOSITORY, newTokenKey, publicKeys, registryToken, type RegistryAction } from '../outside/registry-token.js';
import { writeFileAtomically } from './json-file.js';
import type { NodePaths } from './node-paths.js';

const DAY_SECONDS = 24 * 3600;
/** As long as the node's certificates, without which containerd has nothing to pull for either. */
const PULL_SECONDS = 365 * DAY_SECONDS;
const RENEW_BEFORE_SECONDS = 30 * DAY_SECONDS;
const OWN_SECONDS = 600;

/** Makes the registry's key where there is none, and containerd's token where it is missing, of another key or near its end. */
export function ensureRegistryTokens(paths: NodePaths, now = Date.now()): void {
  if (!existsSync(paths.registryKey)) writeFileAtomically(paths.registryKey, newTokenKey());
  const key = readFileSync(paths.registryKey, 'utf8');
  const keys = publicKeys(key);
  const isNewKey = !existsSync(paths.registryPublicKeys) || readFileSync(paths.registryPublicKeys, 'utf8') !== keys;
  if (isNewKey) writeFileAtomically(paths.registryPublicKeys, keys);
  if (!isNewKey && lasts(paths, now)) return;
  writeFileAtomically(paths.registryPullToken, registryToken(key, { subject: 'containerd', repository: EVERY_REPOSITORY, actions: ['pull'], seconds: PULL_SECONDS }, now));
}

/** With which containerd pulls; undefined where the node was started when its registry had no door yet. */
export const pullToken = (paths: NodePaths): string | undefined => (existsSync(paths.registryPullToken) ? readFileSync(paths.registryPullToken, 'utf8') : undefined);

/** For what the node puts into its registry itself; undefined as above. */
export function ownToken(paths: NodePaths, actions: readonly RegistryAction[] = ['pull', 'push']): string | undefined {
  if (!existsSync(paths.registryKey)) return undefined;
  return registryToken(readFileSync(paths.registryKey, 'utf8'), { subject: 'node', repository: EVERY_REPOSITORY, actions, seconds: OWN_SECONDS });
}

/** The header of a request that reads. */
export function readingHeader(paths: NodePaths): { authorization?: string } {
  const token = ownToken(paths, ['pull']);
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

function lasts(paths: NodePaths, now: number): boolean {
  try {
    const [, claims = ''] = pullToken(paths)?.split('.') ?? [];
    return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { exp: number }).exp - RENEW_BEFORE_SECONDS > now / 1000;
  } catch {
    return false;
  }
}
