import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { REGISTRY_NAME } from './addresses.js';
import { CLUSTER_SOURCES } from './binaries.js';
import { goToolchain } from './go-toolchain.js';
import { makeDebianRoot, putAccounts, putBusybox, putCertificates } from './images/debian-root.js';
import { PATH_VARIABLE } from './images/seed-image.js';
import { readJson, writeJson } from './json-file.js';
import { NodeLock } from './node-lock.js';
import { nodePaths, type NodePaths } from './node-paths.js';
import { rememberedPorts } from './node-ports.js';
import { NodeProblem } from './node-problem.js';
import { pushImage } from './node-images.js';
import { installPackages } from './packages.js';
import { readingHeader } from './registry-tokens.js';
import { CommandFailed, findProgram, runCommand, SYSTEM_PATH } from './run-command.js';

/** Apart from the node's own programs, so that neither is compiled for the other's sake. */
const SOURCES = join(CLUSTER_SOURCES, 'builder');
const PROGRAMS = ['buildctl', 'buildkitd'] as const;
const PACKAGE = 'github.com/moby/buildkit/cmd';
/** Counts up when what the image is made of beside the programs changes. */
const RECIPE = 1;

export interface BuilderOptions {
  readonly cacheDir: string;
  readonly onProgress?: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** What builds of images from Git need: BuildKit's client, and the image of its daemon in the node's registry. */
export interface Builder {
  readonly image: string;
  readonly buildctl: string;
}

/**
 * Compiles BuildKit where the cache does not have it, puts its image into the node's registry, and writes down where both
 * are, for the servers. A second run at the same time waits for the first.
 */
export async function prepareBuilder(options: BuilderOptions): Promise<Builder> {
  const { cacheDir, signal, onProgress = () => undefined } = options;
  const paths = nodePaths();
  const hash = hashOfSources();
  const folder = join(cacheDir, `builder-${hash}`);
  mkdirSync(folder, { recursive: true });
  const lock = await NodeLock.acquire(join(folder, 'lock'), 'up', { signal });
  try {
    const ports = rememberedPorts(paths);
    if (!ports) throw new NodeProblem('The embedded cluster is not running, so there is no registry to put the builder into; run "./apex up" first.');
    if (!findProgram('git')) await installPackages(['git'], { signal });
    await compile(folder, options);
    const image = imageOf(hash);
    if (!(await isInRegistry(paths, ports.registry, hash))) {
      onProgress('Making the image of the builder.');
      const root = join(folder, 'root');
      await makeDebianRoot(root, ['runc', 'busybox-static'], { debs: join(cacheDir, 'debs'), signal });
      putAccounts(root, []);
      await putBusybox(root);
      putCertificates(root);
      const files = PROGRAMS.map((name) => [join(folder, name), `/usr/bin/${name}`] as const);
      await pushImage(paths, ports, { name: image, dirs: [[root, '/']], files, entrypoint: ['buildkitd'], env: { PATH: PATH_VARIABLE } }, signal);
    }
    const builder = { image, buildctl: join(folder, 'buildctl') };
    writeJson(paths.builderFile, builder, 0o644);
    return builder;
  } finally {
    lock.release();
  }
}

/** For builds on another cluster: only the client is of use there, and the cache's `builder-client-<version>.json` says where it is. */
export async function prepareBuilderClient(options: BuilderOptions): Promise<string> {
  const { cacheDir, signal } = options;
  const folder = join(cacheDir, `builder-${hashOfSources()}`);
  mkdirSync(folder, { recursive: true });
  const lock = await NodeLock.acquire(join(folder, 'lock'), 'up', { signal });
  try {
    if (!findProgram('git')) await installPackages(['git'], { signal });
    await compile(folder, options, ['buildctl']);
    const buildctl = join(folder, 'buildctl');
    writeJson(join(cacheDir, `builder-client-${buildkitVersion()}.json`), { buildctl }, 0o644);
    return buildctl;
  } finally {
    lock.release();
  }
}

/** Forgets the builder of other sources than these: the next build makes its own. */
export function forgetOldBuilder(paths: NodePaths): void {
  const known = readJson<Builder>(paths.builderFile);
  if (known && known.image !== imageOf(hashOfSources())) rmSync(paths.builderFile, { force: true });
}

const imageOf = (hash: string): string => `${REGISTRY_NAME}/builder:${hash}`;

async function compile(folder: string, { cacheDir, signal, onProgress = () => undefined }: BuilderOptions, programs: readonly string[] = PROGRAMS): Promise<void> {
  if (programs.every((name) => existsSync(join(folder, name)))) return;
  onProgress('Looking for Go.');
  const go = await goToolchain(cacheDir, { signal });
  const env = { PATH: `${dirname(go)}:${SYSTEM_PATH}`, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly -buildvcs=false' };
  const packages = programs.map((name) => `${PACKAGE}/${name}`);
  const run = (args: string[], onLine?: (line: string) => void) =>
    runCommand('nice', ['-n', '10', go, ...args], { cwd: SOURCES, env, signal, timeoutMs: 45 * 60_000, ...(onLine ? { onLine } : {}) });
  try {
    onProgress("Fetching BuildKit's sources.");
    const total = (await run(['list', '-deps', ...packages])).trim().split('\n').length;
    let done = 0;
    for (const name of programs) {
      await run(['build', '-v', '-trimpath', '-ldflags', '-s -w', '-o', join(folder, `.${name}.tmp`), `${PACKAGE}/${name}`], () => {
        done += 1;
        if (done % 20 === 0) onProgress(`Compiling BuildKit, ${Math.min(99, Math.floor((done * 100) / total))} %.`);
      });
      renameSync(join(folder, `.${name}.tmp`), join(folder, name));
    }
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new NodeProblem(`BuildKit could not be compiled (${error.message}); check the network and the free disk, then deploy again.`, { cause: error });
  }
}

async function isInRegistry(paths: NodePaths, port: number, tag: string): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/v2/builder/manifests/${tag}`, { method: 'HEAD', headers: { accept: 'application/vnd.oci.image.manifest.v1+json', ...readingHeader(paths) }, signal: AbortSignal.timeout(5_000) });
  return response.ok;
}

const buildkitVersion = (): string | undefined => /^\tgithub\.com\/moby\/buildkit (\S+)/m.exec(readFileSync(join(SOURCES, 'go.mod'), 'utf8'))?.[1];

function hashOfSources(): string {
  const hash = createHash('sha256').update(String(RECIPE));
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(SOURCES, file)));
  return hash.digest('hex').slice(0, 16);
}
