import type { Response } from 'undici';
import { refusal, type GuardedFetch } from './guarded-fetch.js';
import { DOCKER_HUB, parseImage, type ImageReference } from './image-reference.js';
import { privateImage } from './private-image.js';
import { registryAuthorization, registryBases } from './registry-access.js';

const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');
const DIGEST = /^sha256:[a-f0-9]{64}$/;

export interface RegistryLogin {
  username: string;
  password: string;
}

/** What a registry said of an image. `unreachable`: it could not be asked, which says nothing about the image. */
export type Resolution =
  | { kind: 'found'; digest: string }
  | { kind: 'not-found'; message: string }
  | { kind: 'unauthorized'; message: string }
  | { kind: 'refused'; message: string }
  | { kind: 'unreachable'; message: string };

/** Where a registry's images are looked for first, as on the node: `docker.io` → its mirrors. Read at each use. */
export type Mirrors = () => ReadonlyMap<string, readonly string[]>;

/** The `Authorization` for a repository of the embedded node's registry; null for every other mirror. */
export type MirrorAuthorization = (mirror: URL, repository: string) => string | null;

interface Endpoint {
  base: URL;
  mirror: boolean;
}

/** Finds the digest that a tag stands for now, through the registry's HTTP API. */
export class ImageRegistry {
  constructor(
    private readonly guard: GuardedFetch,
    private readonly mirrors: Mirrors,
    private readonly mirrorAuthorization: MirrorAuthorization = () => null,
  ) {}

  /** Asks the mirrors, then the registry itself. */
  async resolve(image: string, login: RegistryLogin | null, signal?: AbortSignal): Promise<Resolution> {
    const reference = parseImage(image);
    if (!reference) return { kind: 'not-found', message: `"${image}" is not a valid image reference.` };
    let answer: Resolution = { kind: 'unreachable', message: `No registry is known for ${reference.registry}.` };
    for (const endpoint of this.#endpoints(reference.registry)) {
      answer = await this.#ask(endpoint, reference, endpoint.mirror ? null : login, signal);
      // A mirror that lacks it does not decide; what the registry itself says does.
      if (answer.kind === 'found' || (!endpoint.mirror && answer.kind !== 'unreachable')) return answer;
    }
    return answer;
  }

  #endpoints(registry: string): Endpoint[] {
    const mirrors = (this.mirrors().get(registry) ?? []).map((url) => ({ base: new URL(url), mirror: true }));
    // A name that only this node's mirror knows has no registry of its own.
    if (registry.endsWith('.local') && mirrors.length > 0) return mirrors;
    return [...mirrors, ...registryBases(this.guard, registry).map((base) => ({ base, mirror: false }))];
  }

  async #ask(endpoint: Endpoint, reference: ImageReference, login: RegistryLogin | null, signal?: AbortSignal): Promise<Resolution> {
    const name = `${reference.registry}/${reference.repository}`;
    try {
      const response = await this.#manifest(endpoint, reference, login, signal);
      const digest = response.headers.get('docker-content-digest') ?? '';
      await response.body?.cancel();
      if (response.ok && DIGEST.test(digest)) return { kind: 'found', digest };
      if (response.status === 404) return { kind: 'not-found', message: `The image ${name}:${reference.tag ?? reference.digest} does not exist in its registry.` };
      if (response.status === 401 || response.status === 403) {
        return { kind: 'unauthorized', message: privateImage(reference.registry, reference.repository, login !== null) };
      }
      return { kind: 'unreachable', message: `The registry ${reference.registry} answered with ${response.status}.` };
    } catch (error) {
      if (signal?.aborted) throw error;
      const refused = refusal(error);
      return refused ? { kind: 'refused', message: refused.message } : { kind: 'unreachable', message: `The registry ${reference.registry} could not be reached.` };
    }
  }

  async #manifest(endpoint: Endpoint, reference: ImageReference, login: RegistryLogin | null, signal?: AbortSignal): Promise<Response> {
    const url = new URL(`/v2/${reference.repository}/manifests/${reference.digest ?? reference.tag}`, endpoint.base);
    const trusted = endpoint.mirror ? [endpoint.base.origin] : [];
    const head = (authorization?: string): Promise<Response> =>
      this.guard.fetch(url, { method: 'HEAD', headers: { accept: MANIFESTS, ...(authorization ? { authorization } : {}) }, signal, trusted });
    const first = await head((endpoint.mirror && this.mirrorAuthorization(endpoint.base, reference.repository)) || undefined);
    if (first.status !== 401) return first;
    const authorization = await registryAuthorization(this.guard, first.headers.get('www-authenticate'), { repository: reference.repository, login, trusted, signal });
    if (!authorization) return first;
    await first.body?.cancel();
    return head(authorization);
  }
}

/** Reads `registry=url` settings, and what the embedded node adds to them. */
export function readMirrors(settings: readonly string[], node: { registry?: string; seeded?: boolean } | null = null): Map<string, string[]> {
  const mirrors = new Map<string, string[]>();
  const add = (registry: string, url: string): void => void mirrors.set(registry, [...(mirrors.get(registry) ?? []), url]);
  for (const setting of settings) {
    const [registry = '', ...rest] = setting.split('=');
    if (registry && URL.canParse(rest.join('='))) add(registry.toLowerCase(), rest.join('='));
  }
  if (node?.registry) {
    add('apex.local', `http://${node.registry}`);
    if (node.seeded) add(DOCKER_HUB, `http://${node.registry}`);
  }
  return mirrors;
}
