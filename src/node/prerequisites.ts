import { chmodSync, existsSync, mkdirSync, readFileSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { readCgroups } from './cgroups.js';
import { NodeProblem } from './node-problem.js';
import type { NodePaths } from './node-paths.js';
import { findProgram } from './run-command.js';

/** What the machine offers, read once so that each rule below can be tried with other answers. */
export interface Machine {
  readonly platform: string;
  readonly uid: number;
  readonly hasApt: boolean;
  readonly freeBytes: number;
  readonly memoryBytes: number;
  readonly cgroupControllers: readonly string[];
  readonly filesystems: string;
}

const GIB = 1024 ** 3;
/** Compiling needs about 4 GiB for its cache and results; running needs little. */
const DISK_TO_BUILD = 8 * GIB;
const DISK_TO_RUN = 1 * GIB;
const NEEDED_CONTROLLERS = ['cpu', 'memory', 'pids'];

/** Throws one sentence about the first thing that is missing on this machine. */
export function requirePrerequisites(machine: Machine, needs: { build: boolean; packages: readonly string[] }): void {
  const instead = 'or set KUBECONFIG to a cluster that you have';
  if (machine.platform !== 'linux') {
    throw new NodeProblem(`The embedded cluster runs on Linux only, and this is ${machine.platform}; use a Debian or Ubuntu machine, ${instead}.`);
  }
  if (machine.uid !== 0) {
    throw new NodeProblem(`The embedded cluster needs root to run containers; run "sudo ./apex up", ${instead}.`);
  }
  if (needs.packages.length > 0 && !machine.hasApt) {
    throw new NodeProblem(
      `apt-get is missing, so these packages cannot be installed for you: ${needs.packages.join(', ')}; install them with your system's package manager, ${instead}.`,
    );
  }
  const disk = needs.build ? DISK_TO_BUILD : DISK_TO_RUN;
  if (machine.freeBytes < disk) {
    throw new NodeProblem(
      `The embedded cluster needs ${gib(disk)} GiB of free disk and ${gib(machine.freeBytes)} GiB are free; free some space under /var/lib and the cache folder.`,
    );
  }
  const memory = needs.build ? 2 * GIB : 1.5 * GIB;
  if (machine.memoryBytes < memory) {
    throw new NodeProblem(
      `The embedded cluster needs a machine with ${gib(memory)} GiB of memory and this one has ${gib(machine.memoryBytes)}; use a larger one, ${instead}.`,
    );
  }
  const missing = NEEDED_CONTROLLERS.filter((name) => !machine.cgroupControllers.includes(name));
  if (missing.length > 0) {
    throw new NodeProblem(
      `The kernel does not offer the control group ${missing.length > 1 ? 'controllers' : 'controller'} ${missing.join(', ')}, which containers need; boot without "cgroup_disable" (on a Raspberry Pi add "cgroup_enable=memory"), ${instead}.`,
    );
  }
  if (!/\boverlay\b/.test(machine.filesystems)) {
    throw new NodeProblem(`The kernel has no overlay file system, which container images need; run "modprobe overlay" or use another kernel, ${instead}.`);
  }
}

/** Looks at this machine. */
export function inspectMachine(paths: NodePaths, cacheDir: string): Machine {
  return {
    platform: process.platform,
    uid: process.getuid?.() ?? -1,
    hasApt: findProgram('apt-get') !== undefined,
    freeBytes: Math.min(freeBytesAt(paths.root), freeBytesAt(cacheDir)),
    memoryBytes: memoryBytes(),
    cgroupControllers: readCgroups().controllers,
    filesystems: readOr('/proc/filesystems', ''),
  };
}

function freeBytesAt(path: string): number {
  let folder = path;
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

function memoryBytes(): number {
  const match = /^MemTotal:\s+(\d+) kB/m.exec(readOr('/proc/meminfo', ''));
  return match ? Number(match[1]) * 1024 : Number.MAX_SAFE_INTEGER;
}

function readOr(path: string, fallback: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return fallback;
  }
}

function gib(bytes: number): string {
  return (bytes / GIB).toFixed(1).replace(/\.0$/, '');
}

/** Makes the node's folders. What tenants wrote (images, logs, volumes) and what opens the node is closed to all but root. */
export function makeFolders(paths: NodePaths): void {
  const open = [paths.root, paths.run, paths.bin];
  const closed = [
    paths.config, paths.tls, paths.etcd, paths.users, paths.logs, paths.volumes, paths.registry, paths.podLogs, paths.kubelet, paths.cni, paths.caddy, paths.certsD, paths.cniConfig,
  ];
  for (const folder of [...open, ...closed]) {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, open.includes(folder) ? 0o755 : 0o700);
  }
}
