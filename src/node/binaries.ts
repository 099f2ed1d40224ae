import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, linkSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { goToolchain } from './go-toolchain.js';
import { writeFileAtomically } from './json-file.js';
import { NodeProblem } from './node-problem.js';
import type { NodePaths } from './node-paths.js';
import { removeOldBuilds } from './old-builds.js';
import { findProcesses } from './process-identity.js';
import { CommandFailed, runCommand, SYSTEM_PATH } from './run-command.js';

/** The programs that are built from cluster/. */
export const BINARIES = ['apex-kube', 'coredns', 'kube-router', 'registry', 'apex-node', 'apex-controllers', 'hello', 'pause'] as const;

/** Where the sources of the node's programs are, seen from src/node/ and from dist/node/ alike. */
export const CLUSTER_SOURCES = join(import.meta.dirname, '..', '..', 'cluster');

const BUILD_SCRIPT = join(CLUSTER_SOURCES, 'build.sh');

/** The cache folder of one state of the sources; a second checkout with the same sources finds it filled. */
export function binariesFolder(cacheDir: string, sources: string = CLUSTER_SOURCES): string {
  return join(cacheDir, `cluster-${hashOfSources(sources)}`, 'bin');
}

/** Whether all programs are there, built. */
export function areBuilt(folder: string): boolean {
  return BINARIES.every((name) => existsSync(join(folder, name)));
}

/** Compiles what is missing in the folder. `onProgress` gets 0 to 100 and the name of what is being compiled. */
export async function buildBinaries(
  cacheDir: string,
  folder: string,
  options: { signal?: AbortSignal | undefined; logFile?: string; onProgress: (percent: number, what: string) => void },
): Promise<void> {
  options.onProgress(0, 'looking for Go');
  const go = await goToolchain(cacheDir, { signal: options.signal });
  mkdirSync(folder, { recursive: true });
  endOrphanedBuild(folder);
  try {
    await runCommand('bash', [BUILD_SCRIPT, folder], {
      signal: options.signal,
      timeoutMs: 45 * 60_000,
      env: { PATH: `${dirname(go)}:${SYSTEM_PATH}` },
      onLine: (line) => {
        const progress = parseProgress(line);
        if (progress) options.onProgress(progress.percent, progress.what);
      },
    });
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new NodeProblem(`The embedded cluster could not be compiled (${error.message}); check the network and the free disk, then run ./apex up again.`, { cause: error });
  }
  if (!areBuilt(folder)) throw new NodeProblem(`The build of the embedded cluster left programs out in ${folder}; remove that folder and run ./apex up again.`);
  removeOldBuilds(cacheDir);
}

/** A build whose bring-up was killed goes on alone; two of them would write the same files. */
function endOrphanedBuild(folder: string): void {
  for (const pid of findProcesses((command) => command.includes(BUILD_SCRIPT) && command.includes(folder))) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It is a part of a group that was ended a moment ago.
    }
  }
}

/** Reads a line of build.sh: "progress DONE TOTAL NAME SECONDS". */
export function parseProgress(line: string): { percent: number; what: string } | undefined {
  const match = /^progress (\d+) (\d+) (\S+)/.exec(line);
  if (!match) return undefined;
  const [done, total, name] = [Number(match[1]), Number(match[2]), match[3]!];
  return { percent: total > 0 ? Math.min(100, (done * 100) / total) : 0, what: name === 'modules' ? 'fetching its sources' : `compiling ${name}` };
}

/** The build that the node's own folder holds. */
export function installedBuild(paths: NodePaths): string | undefined {
  try {
    return readFileSync(join(paths.bin, 'BUILD'), 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Puts the programs into the node's folder, so that it does not depend on the cache of whoever built them. */
export function installBinaries(paths: NodePaths, folder: string): void {
  mkdirSync(paths.bin, { recursive: true });
  for (const name of BINARIES) {
    const next = join(paths.bin, `.${name}.next`);
    rmSync(next, { force: true });
    try {
      linkSync(join(folder, name), next);
    } catch {
      copyFileSync(join(folder, name), next);
    }
    renameSync(next, join(paths.bin, name));
  }
  writeFileAtomically(join(paths.bin, 'BUILD'), `${folder}\n`, 0o644);
}

function hashOfSources(sources: string): string {
  const hash = createHash('sha256');
  for (const path of sourceFiles(sources)) hash.update(relative(sources, path)).update('\0').update(readFileSync(path)).update('\0');
  return hash.digest('hex').slice(0, 16);
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      // What builds users' images (builder.ts) and what only tests run (s3-server.ts) is compiled apart.
      if (entry.isDirectory()) return ['bin', 'builder', 's3-server'].includes(entry.name) ? [] : sourceFiles(path);
      return entry.name.endsWith('_test.go') || entry.name.endsWith('.md') ? [] : [path];
    });
}
