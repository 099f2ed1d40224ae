import type { Response } from 'undici';
import type { GuardedFetch } from './guarded-fetch.js';
import { DOCKER_HUB } from './image-reference.js';
import type { RegistryLogin } from './image-registry.js';
import { readChallenge } from './registry-challenge.js';
import type { RegistryAction } from './registry-token.js';

const TOKEN_BYTES = 64 * 1024;

/** Where a registry's API answers: without encryption only where the operator named the host. */
export function registryBases(guard: GuardedFetch, registry: string): URL[] {
  const secure = new URL(`https://${registry === DOCKER_HUB ? 'registry-1.docker.io' : registry}`);
  const plain = new URL(`http://${registry}`);
  return guard.allows(plain) ? [secure, plain] : [secure];
}

export interface AccessWish {
  repository: string;
  actions?: readonly RegistryAction[];
  login: RegistryLogin | null;
  /** Asks for a token. */
  get: (url: URL, headers: Record<string, string>) => Promise<Response>;
  /** Whether a password may go there. */
  isSafe: (url: URL) => boolean;
}

/** The `Authorization` that a registry's `WWW-Authenticate` asks for; null where there is none to give. */
export async function authorizationFor(header: string | null, { repository, actions = ['pull'], login, get, isSafe }: AccessWish): Promise<string | null> {
  const challenge = readChallenge(header);
  const basic = login ? `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}` : null;
  if (!challenge) return null;
  if (challenge.scheme === 'basic') return basic;
  const url = new URL(challenge.realm);
  if (challenge.service) url.searchParams.set('service', challenge.service);
  url.searchParams.set('scope', challenge.scope ?? `repository:${repository}:${actions.join(',')}`);
  const response = await get(url, basic && isSafe(url) ? { authorization: basic } : {});
  const text = await limitedText(response, TOKEN_BYTES);
  if (!response.ok) return null;
  const { token, access_token: accessToken } = JSON.parse(text) as { token?: string; access_token?: string };
  const bearer = token ?? accessToken;
  return bearer ? `Bearer ${bearer}` : null;
}

/** The same for a registry that a user has named. A password goes over an encrypted line, or to where the operator said. */
export function registryAuthorization(guard: GuardedFetch, header: string | null, { repository, login, trusted = [], signal }: Pick<AccessWish, 'repository' | 'login'> & { trusted?: readonly string[]; signal?: AbortSignal | undefined }): Promise<string | null> {
  return authorizationFor(header, {
    repository,
    login,
    get: (url, headers) => guard.fetch(url, { headers, signal, trusted }),
    isSafe: (url) => url.protocol === 'https:' || trusted.includes(url.origin) || guard.allows(url),
  });
}

async function limitedText(response: Response, limit: number): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > limit) throw new Error('The answer is too long');
  }
  return text;
}
