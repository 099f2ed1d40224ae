import { DOCKER_HUB, parseImage, type ImageReference } from '../../outside/image-reference.js';

/** An image that a Dockerfile names, under the name that BuildKit looks for. */
export interface BaseImage {
  name: string;
  reference: ImageReference;
}

const FROM = /^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/gim;
const COPIED = /^\s*(?:COPY|ADD)\s+(?:--\S+\s+)*?--from=(\S+)/gim;
const ARGUMENT = /^\s*ARG\s+([A-Za-z_]\w*)(?:=(\S*))?/gim;
const VARIABLE = /\$(?:(\w+)|\{(\w+)(?::?-([^}]*))?\})/g;
const HUB_LIBRARY = 'library/';

/** The images that a Dockerfile builds on, as the build's arguments name them. */
export function baseImages(dockerfile: string, buildArgs: Readonly<Record<string, string>>): BaseImage[] {
  const text = dockerfile.replace(/\\\r?\n/g, ' ');
  const args = globalArguments(text, buildArgs);
  const stages = new Set([...text.matchAll(FROM)].flatMap(([, , stage]) => (stage ? [stage.toLowerCase()] : [])));
  const named = [...[...text.matchAll(FROM)].map(([, image = '']) => expanded(image, args)), ...[...text.matchAll(COPIED)].map(([, image = '']) => image)];
  const found = new Map<string, BaseImage>();
  for (const image of named) {
    if (stages.has(image.toLowerCase()) || image === 'scratch' || image.includes('$') || /^\d+$/.test(image)) continue;
    const reference = parseImage(image);
    if (!reference) continue;
    const name = familiarName(reference);
    found.set(name, { name, reference });
  }
  return [...found.values()];
}

/** Those before the first stage: only they count in the names of images. */
function globalArguments(text: string, given: Readonly<Record<string, string>>): Map<string, string> {
  const head = text.slice(0, text.search(/^\s*FROM\s/im));
  return new Map([...head.matchAll(ARGUMENT)].flatMap(([, name = '', value]) => {
    const known = given[name] ?? value?.replace(/^(["'])(.*)\1$/, '$2');
    return known === undefined ? [] : [[name, known] as [string, string]];
  }));
}

/** What is not known stays as it is. */
const expanded = (image: string, args: ReadonlyMap<string, string>): string =>
  image.replace(VARIABLE, (whole, plain: string | undefined, braced: string | undefined, otherwise: string | undefined) => args.get(plain ?? braced ?? '') || (otherwise ?? whole));

/** As Docker writes it: without the hub's name, and without `latest`. */
function familiarName({ registry, repository, tag, digest }: ImageReference): string {
  const path = registry === DOCKER_HUB ? (repository.startsWith(HUB_LIBRARY) ? repository.slice(HUB_LIBRARY.length) : repository) : `${registry}/${repository}`;
  const tagged = tag && (digest || tag !== 'latest') ? `${path}:${tag}` : path;
  return digest ? `${tagged}@${digest}` : tagged;
}
