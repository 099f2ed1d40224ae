import { createHash } from 'node:crypto';
import type { Config, RegistrySettings } from '../../config.js';
import { builtImage, EMBEDDED_PLACE, teamOf, type ImagePlace } from '../../entities/built-image.js';
import { DOCKER_HUB, parseImage, type ImageReference } from '../../outside/image-reference.js';
import type { RegistryLogin, Resolution } from '../../outside/image-registry.js';
import { RegistryRefusal } from '../../outside/pull-image.js';
import { PasswordDoor, signedDoor } from '../../outside/registry-door.js';
import { RegistryTransfer } from '../../outside/registry-transfer.js';
import type { ClusterSource } from '../kubernetes/cluster-source.js';
import { embeddedRegistry } from '../kubernetes/embedded-node.js';
import type { TeamLogin } from '../service/registry-login.js';

/** A place that holds images of builds. */
export interface ImageHome {
  place: ImagePlace;
  /** It is the registry of the settings, and not the node's. */
  isOperators: boolean;
  /** Null while the embedded node has none. */
  transfer(): RegistryTransfer | null;
  /** With which the cluster pulls from there; null: with nothing, or as the node does. */
  pullLogin(): TeamLogin | null;
}

export interface BuildTarget {
  registry: string;
  /** E.g. `teams/<team>/<service>`. */
  repository: string;
  transfer: RegistryTransfer;
  isOperators: boolean;
}

/** A node with seeded images looks into its own registry under Docker Hub's name, too. */
const MIRRORED: ImagePlace = { ...EMBEDDED_PLACE, registry: DOCKER_HUB };
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3})(:\d+)?$/;

/** The places in which this installation keeps the images of its builds: the registry of the operator's settings, and the embedded node's. */
export class ImageHomes {
  readonly #embedded: ImageHome;
  readonly #configured: (ImageHome & { close: () => Promise<void> }) | null;

  constructor(
    private readonly source: ClusterSource,
    { registry }: Pick<Config, 'registry'>,
  ) {
    this.#embedded = { place: EMBEDDED_PLACE, isOperators: false, transfer: () => this.embedded(), pullLogin: () => null };
    this.#configured = registry && configuredHome(registry);
  }

  /** Where builds put their images now; null where there is no registry for them. */
  get current(): ImageHome | null {
    return this.#configured ?? (this.source.kind === 'embedded' ? this.#embedded : null);
  }

  /** What the image of a service that is built is called. */
  nameOf(teamId: string, serviceId: string): string {
    return builtImage((this.#configured ?? this.#embedded).place, teamId, serviceId);
  }

  /** Where images lie of which this installation takes old ones out. */
  get all(): ImageHome[] {
    return [...(this.#configured ? [this.#configured] : []), this.#embedded];
  }

  /** The place of an image that was built for the team; null for images from elsewhere. */
  find({ registry, repository }: ImageReference, teamId: string): ImageHome | null {
    return this.all.find(({ place }) => teamOf(place, registry, repository) === teamId) ?? null;
  }

  isOfOtherTeam({ registry, repository }: Pick<ImageReference, 'registry' | 'repository'>, teamId: string): boolean {
    return [...this.all.map(({ place }) => place), MIRRORED].some((place) => ![null, teamId].includes(teamOf(place, registry, repository)));
  }

  /** With which the cluster pulls an image of the operator's own in the registry of the settings; null for one from elsewhere. */
  loginFor(image: string): (TeamLogin & { registry: string }) | null {
    const registry = parseImage(image)?.registry;
    const login = registry !== undefined && registry === this.#configured?.place.registry ? this.#configured.pullLogin() : null;
    return login && registry !== undefined ? { registry, ...login } : null;
  }

  /** Where the image of a deployment that is built goes; null where its registry is none of ours any more. */
  target(image: string, teamId: string): BuildTarget | null {
    const reference = parseImage(image);
    const home = reference && this.find(reference, teamId);
    const transfer = home?.transfer();
    return reference && home && transfer ? { registry: reference.registry, repository: reference.repository, transfer, isOperators: home.isOperators } : null;
  }

  /** The embedded node's registry; null where that is not the cluster, or it has none yet. */
  embedded(): RegistryTransfer | null {
    const registry = this.source.kind === 'embedded' ? embeddedRegistry(this.source.folder) : null;
    return registry && new RegistryTransfer(signedDoor(registry.base, registry.key));
  }

  /** For the mirror that is the embedded node's registry. */
  mirrorAuthorization(mirror: URL, repository: string): string | null {
    const registry = this.source.kind === 'embedded' ? embeddedRegistry(this.source.folder) : null;
    return registry?.base.host === mirror.host ? signedDoor(registry.base, registry.key).authorization({ repository, actions: ['pull'] }) : null;
  }

  /** The digest of an image that is kept in the registry of the settings; null for one that is found as any other is. */
  async resolve(reference: ImageReference, teamId: string, signal: AbortSignal): Promise<Resolution | null> {
    const home = this.find(reference, teamId);
    const transfer = home?.isOperators ? home.transfer() : null;
    if (!transfer) return null;
    const { registry, repository, tag, digest } = reference;
    try {
      const found = await transfer.digestOf(repository, digest ?? tag ?? 'latest', signal);
      return found ? { kind: 'found', digest: found } : { kind: 'not-found', message: `The image ${registry}/${repository}:${tag ?? digest} does not exist in its registry.` };
    } catch (error) {
      signal.throwIfAborted();
      return { kind: 'unreachable', message: error instanceof RegistryRefusal ? `The registry ${registry} answered with ${error.status}.` : `The registry ${registry} could not be reached.` };
    }
  }

  async close(): Promise<void> {
    await this.#configured?.close();
  }
}

function configuredHome({ host, path, ca, push, pull }: RegistrySettings): ImageHome & { close: () => Promise<void> } {
  // Docker Hub's name in images is not where it answers.
  const named = parseImage(`${host}/${path === '' ? 'a' : path}/b`)?.registry ?? host;
  const address = named === DOCKER_HUB ? 'registry-1.docker.io' : host;
  const door = new PasswordDoor(new URL(`${LOOPBACK.test(host) ? 'http' : 'https'}://${address}`), push, ca);
  const transfer = new RegistryTransfer(door);
  return { place: { registry: named, path }, isOperators: true, transfer: () => transfer, pullLogin: () => withId(pull()), close: () => door.close() };
}

/** Another id for each password, so that the cluster's copy is known to be an old one. */
const withId = (login: RegistryLogin | null): TeamLogin | null =>
  login && { ...login, id: createHash('sha256').update(JSON.stringify([login.username, login.password])).digest('hex').slice(0, 12) };
