import type { Response } from 'undici';
import type { GuardedFetch } from './guarded-fetch.js';
import type { ImageReference } from './image-reference.js';
import type { RegistryLogin } from './image-registry.js';
import type { ReadRegistry } from './pull-image.js';
import { registryAuthorization, registryBases } from './registry-access.js';

/** Reads a repository of a registry that a user has named, with the team's credential where there is one. What it is given by the registry to come in with serves for all of its calls. */
export function registryReader(guard: GuardedFetch, { registry, repository }: ImageReference, login: RegistryLogin | null): ReadRegistry {
  let authorization: string | null = null;
  let known: URL | null = null;

  async function from(base: URL, path: string, accept: string | null, deadlineMs: number, signal: AbortSignal): Promise<Response> {
    const get = (): Promise<Response> =>
      guard.fetch(new URL(`/v2/${repository}/${path}`, base), { headers: { ...(accept && { accept }), ...(authorization && { authorization }) }, deadlineMs, signal });
    const first = await get();
    if (first.status !== 401) return first;
    // Also when what was given before has run out.
    const given = await registryAuthorization(guard, first.headers.get('www-authenticate'), { repository, login, signal });
    if (!given) return first;
    await first.body?.cancel();
    authorization = given;
    return get();
  }

  return async (path, accept, deadlineMs, signal) => {
    if (known) return from(known, path, accept, deadlineMs, signal);
    let failure: unknown;
    for (const base of registryBases(guard, registry)) {
      try {
        const response = await from(base, path, accept, deadlineMs, signal);
        known = base;
        return response;
      } catch (error) {
        signal.throwIfAborted();
        failure = error;
      }
    }
    throw failure;
  };
}
