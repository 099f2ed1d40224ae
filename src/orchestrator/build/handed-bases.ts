import { EMBEDDED_REGISTRY } from '../../entities/built-image.js';
import { refusal, type GuardedFetch } from '../../outside/guarded-fetch.js';
import { DOCKER_HUB, type ImageReference } from '../../outside/image-reference.js';
import type { RegistryLogin } from '../../outside/image-registry.js';
import { privateImage } from '../../outside/private-image.js';
import { pullImage, RegistryRefusal } from '../../outside/pull-image.js';
import { registryReader } from '../../outside/registry-reader.js';
import type { RegistryTransfer } from '../../outside/registry-transfer.js';
import type { BaseImage } from './base-images.js';
import { BuildFailed } from './build-failed.js';

export interface BasesWish {
  /** The node's registry, where the cluster is the embedded one. */
  node: RegistryTransfer | null;
  /** The registry that holds an image of the team's own builds; null for every other image. */
  ofOwn: (reference: ImageReference) => RegistryTransfer | null;
  mirrorsHub: boolean;
  guard: GuardedFetch;
  /** The team's credential for a registry. */
  login: (registry: string) => Promise<RegistryLogin | null>;
  /** The service's cache, which holds what its last build was made on. */
  cache: string;
  signal: AbortSignal;
}

/**
 * Puts into a layout those of the images that a build's pod does not reach, or that need a credential which it must not
 * have: what the node's registry holds, what the team has a credential for, and what is in a registry that the operator
 * allows though it is internal. Answers their digests by the name that BuildKit looks for. Throws `BuildFailed`.
 */
export async function handOverBases(images: readonly BaseImage[], folder: string, wish: BasesWish): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const { name, reference } of images) {
    const digest = (await ofBuilds(reference, folder, wish)) ?? (await ofNode(reference, folder, wish)) ?? (await ofTeam(reference, folder, wish));
    if (digest) digests.set(name, digest);
  }
  return digests;
}

/** What the team has built before, wherever that is kept. */
async function ofBuilds(reference: ImageReference, folder: string, { ofOwn, signal }: BasesWish): Promise<string | null> {
  const { registry, repository, tag, digest } = reference;
  const transfer = ofOwn(reference);
  const found = transfer && (await transfer.pull(repository, digest ?? tag ?? 'latest', folder, signal));
  if (transfer && found === null) throw new BuildFailed(`The image ${registry}/${repository}:${tag ?? digest}, which the Dockerfile builds on, does not exist.`);
  return found;
}

async function ofNode({ registry, repository, tag, digest }: ImageReference, folder: string, { node, mirrorsHub, signal }: BasesWish): Promise<string | null> {
  if (!node || (registry !== EMBEDDED_REGISTRY && !(registry === DOCKER_HUB && mirrorsHub))) return null;
  return node.pull(repository, digest ?? tag ?? 'latest', folder, signal);
}

async function ofTeam(reference: ImageReference, folder: string, { guard, login: loginOf, cache, signal }: BasesWish): Promise<string | null> {
  const { registry, repository, tag, digest } = reference;
  if (registry === EMBEDDED_REGISTRY) return null;
  const login = await loginOf(registry);
  if (!login && !guard.allows(new URL(`https://${registry}`)) && !guard.allows(new URL(`http://${registry}`))) return null;
  try {
    return await pullImage(registryReader(guard, reference, login), digest ?? tag ?? 'latest', folder, signal, cache);
  } catch (error) {
    signal.throwIfAborted();
    const status = error instanceof RegistryRefusal ? error.status : 0;
    if ([401, 403, 404].includes(status)) throw new BuildFailed(privateImage(registry, repository, login !== null));
    throw new BuildFailed(`The image ${registry}/${repository} could not be fetched: ${refusal(error)?.message ?? (status > 0 ? `its registry answered with ${status}.` : 'its registry could not be reached.')}`);
  }
}
