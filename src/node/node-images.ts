import { join } from 'node:path';
import { REGISTRY_NAME } from './addresses.js';
import type { NodePaths } from './node-paths.js';
import type { NodePorts } from './node-ports.js';
import { ownToken } from './registry-tokens.js';
import { PAUSE_IMAGE } from './settings/containerd-config.js';
import { runCommand } from './run-command.js';

/** The sample that the first printed deploy names. */
export const SAMPLE_IMAGE = `${REGISTRY_NAME}/hello:latest`;

/** What an image is made of, in the words of `apex-node image build`. */
export interface ImageRecipe {
  readonly name: string;
  readonly files?: ReadonlyArray<readonly [source: string, target: string]>;
  readonly dirs?: ReadonlyArray<readonly [source: string, target: string]>;
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly ports?: readonly number[];
  readonly user?: string;
  readonly workDir?: string;
  /** Keep the owners that the folders' files have; otherwise all is root's. */
  readonly keepOwners?: boolean;
}

/** Pushes what every node has in its registry: the pause image that pods are made of, and the sample. */
export async function pushNodeImages(paths: NodePaths, ports: NodePorts, signal?: AbortSignal): Promise<void> {
  const program = (name: string) => [join(paths.bin, name), `/${name}`] as const;
  await pushImage(paths, ports, { name: PAUSE_IMAGE, files: [program('pause')], entrypoint: ['/pause'], user: '65535:65535' }, signal);
  await pushImage(paths, ports, { name: SAMPLE_IMAGE, files: [program('hello')], entrypoint: ['/hello'], ports: [8080], user: '65534:65534' }, signal);
}

/** Builds an image and pushes it to the node's registry; an image that is there already is left as it is. */
export async function pushImage(paths: NodePaths, ports: NodePorts, recipe: ImageRecipe, signal?: AbortSignal): Promise<void> {
  const each = (flag: string, values: readonly string[] = []) => values.flatMap((value) => [flag, value]);
  const token = ownToken(paths);
  await runCommand(
    join(paths.bin, 'apex-node'),
    [
      'image', 'build', '--name', recipe.name, '--push', '--registry', `127.0.0.1:${ports.registry}`, ...(token === undefined ? [] : ['--token-stdin']),
      ...each('--file', recipe.files?.map(([source, target]) => `${source}:${target}:0755`)),
      ...each('--dir', recipe.dirs?.map(([source, target]) => `${source}:${target}`)),
      ...each('--entrypoint', recipe.entrypoint),
      ...each('--cmd', recipe.cmd),
      ...each('--env', Object.entries(recipe.env ?? {}).map(([name, value]) => `${name}=${value}`)),
      ...each('--expose', recipe.ports?.map(String)),
      ...(recipe.user ? ['--user', recipe.user] : []),
      ...(recipe.workDir ? ['--workdir', recipe.workDir] : []),
      ...(recipe.keepOwners ? ['--keep-owners'] : []),
    ],
    { signal, timeoutMs: 5 * 60_000, ...(token !== undefined && { input: token }) },
  );
}
