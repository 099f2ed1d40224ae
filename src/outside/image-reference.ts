/** Docker Hub's name in references; its API answers elsewhere. */
export const DOCKER_HUB = 'docker.io';

export interface ImageReference {
  registry: string;
  repository: string;
  /** Null where only a digest was given. */
  tag: string | null;
  digest: string | null;
}

const PART = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[a-f0-9]{64}$/;

/** Reads `nginx:alpine`, `ghcr.io/owner/app@sha256:…`; null where it is no valid reference. */
export function parseImage(image: string): ImageReference | null {
  const [named = '', digest = null, ...more] = image.split('@');
  if (more.length > 0 || (digest !== null && !DIGEST.test(digest))) return null;
  const colon = named.lastIndexOf(':');
  const hasTag = colon > named.lastIndexOf('/');
  const tag = hasTag ? named.slice(colon + 1) : digest ? null : 'latest';
  if (tag !== null && !TAG.test(tag)) return null;
  const parts = (hasTag ? named.slice(0, colon) : named).split('/');
  const [first = ''] = parts;
  const hasRegistry = parts.length > 1 && (first.includes('.') || first.includes(':') || first === 'localhost');
  const registry = hasRegistry ? normalise(first) : DOCKER_HUB;
  const path = hasRegistry ? parts.slice(1) : parts;
  if (!path.every((part) => PART.test(part)) || (hasRegistry && !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/i.test(first))) return null;
  const repository = registry === DOCKER_HUB && path.length === 1 ? `library/${path[0]}` : path.join('/');
  return repository.length > 255 ? null : { registry, repository, tag, digest };
}

/** The reference of exactly this digest, in the registry and repository of `image`. */
export function pinned(reference: ImageReference, digest: string): string {
  return `${reference.registry}/${reference.repository}@${digest}`;
}

const normalise = (registry: string): string =>
  ['index.docker.io', 'registry-1.docker.io', 'docker.io'].includes(registry.toLowerCase()) ? DOCKER_HUB : registry.toLowerCase();
