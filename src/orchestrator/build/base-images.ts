import { DOCKER_HUB, parseImage, type ImageReference } from '../../outside/image-reference.js';
import { EMBEDDED_REGISTRY, isOfOtherTeam } from '../../entities/built-image.js';

/** An image that a Dockerfile names, under the name that BuildKit looks for. */
export interface BaseImage {
  name: string;
  reference: ImageReference;
}

const FROM = /^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/gim;
const COPIED = /^\s*(?:COPY|ADD)\s+(?:--\S+\s+)*?--from=(\S+)/gim;
const HUB_LIBRARY = 'library/';

/**
 * The images that a Dockerfile builds on and that the node's own registry may hold: pods do not reach it, so the server
 * hands them over. Another team's images are none of them.
 */
export function baseImages(dockerfile: string, mirrorsHub: boolean, teamId: string): BaseImage[] {
  const text = dockerfile.replace(/\\\r?\n/g, ' ');
  const stages = new Set([...text.matchAll(FROM)].flatMap(([, , stage]) => (stage ? [stage.toLowerCase()] : [])));
  const named = [...text.matchAll(FROM), ...text.matchAll(COPIED)].map(([, image = '']) => image);
  const found = new Map<string, BaseImage>();
  for (const image of named) {
    if (stages.has(image.toLowerCase()) || image === 'scratch' || image.includes('$') || /^\d+$/.test(image)) continue;
    const reference = parseImage(image);
    if (!reference || reference.digest || isOfOtherTeam(reference.registry, reference.repository, teamId)) continue;
    if (reference.registry !== EMBEDDED_REGISTRY && !(reference.registry === DOCKER_HUB && mirrorsHub)) continue;
    const name = familiarName(reference);
    found.set(name, { name, reference });
  }
  return [...found.values()];
}

/** As Docker writes it: without the hub's name, and without `latest`. */
function familiarName({ registry, repository, tag }: ImageReference): string {
  const path = registry === DOCKER_HUB ? (repository.startsWith(HUB_LIBRARY) ? repository.slice(HUB_LIBRARY.length) : repository) : `${registry}/${repository}`;
  return tag && tag !== 'latest' ? `${path}:${tag}` : path;
}
