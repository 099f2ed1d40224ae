import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { SEED_IMAGES } from './images/catalog.js';
import type { RootOptions } from './images/debian-root.js';
import type { SeedImage } from './images/seed-image.js';
import { writeFileAtomically } from './json-file.js';
import { pushImage } from './node-images.js';
import { nodePaths, type NodePaths } from './node-paths.js';
import { rememberedPorts, type NodePorts } from './node-ports.js';
import { NodeProblem } from './node-problem.js';
import { mirrorHosts, removeMirror } from './registry-mirrors.js';
import { readingHeader } from './registry-tokens.js';
import { runningSupervisor } from './supervisor.js';

export interface SeedOptions {
  readonly cacheDir: string;
  /** Names from the catalogue; by default all that are not extra. */
  readonly only?: readonly string[];
  /** Make and push them although the registry has them. */
  readonly force?: boolean;
  readonly onProgress?: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * For development and tests: makes images from Debian packages, pushes them to the node's registry under the names that
 * the documentation uses, and from then on this machine's node asks its own registry first for docker.io's names.
 * Answers the names. Takes effect without a restart.
 */
export async function seedImages(options: SeedOptions): Promise<string[]> {
  const paths = nodePaths();
  const ports = rememberedPorts(paths);
  if (!ports || !runningSupervisor(paths)) throw new NodeProblem('The embedded cluster is not running, so there is no registry to put images into; run "./apex up" first.');
  const names: string[] = [];
  for (const [key, image] of Object.entries(SEED_IMAGES)) {
    if (options.only ? !options.only.includes(key) : image.isExtra) continue;
    if (options.force || !(await hasAll(paths, ports, image))) {
      options.onProgress?.(`Making the image ${key} from Debian packages.`);
      await makeImage(paths, ports, key, image, options);
    }
    names.push(...image.names);
  }
  writeFileAtomically(paths.seededFlag, `${new Date().toISOString()}\n`);
  mirrorHosts(paths, ports);
  return names;
}

/** Undoes the naming: docker.io's names are docker.io's again. The images stay in the registry. */
export function unseedImages(paths: NodePaths = nodePaths()): void {
  rmSync(paths.seededFlag, { force: true });
  removeMirror(paths);
}

async function makeImage(paths: NodePaths, ports: NodePorts, key: string, image: SeedImage, options: SeedOptions): Promise<void> {
  const root = join(options.cacheDir, 'images', key);
  const rootOptions: RootOptions = { debs: join(options.cacheDir, 'debs'), signal: options.signal };
  await image.prepare(root, rootOptions);
  for (const name of image.names) await pushImage(paths, ports, { ...image.recipe, name, dirs: [[root, '/']] }, options.signal);
}

/** Whether the registry answers for each of an image's names. */
async function hasAll(paths: NodePaths, ports: NodePorts, image: SeedImage): Promise<boolean> {
  for (const name of image.names) {
    const [, repository, tag] = /^[^/]+\/(.+):([^:]+)$/.exec(name)!;
    const response = await fetch(`http://127.0.0.1:${ports.registry}/v2/${repository}/manifests/${tag}`, {
      method: 'HEAD',
      headers: { accept: 'application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json', ...readingHeader(paths) },
      signal: AbortSignal.timeout(5_000),
    });
    if (!response.ok) return false;
  }
  return true;
}
