import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The control group under which all pods run, so that take-down finds every process of theirs. */
export const CGROUP_NAME = 'apex-node';

/** How this machine offers control groups: one tree (version 2) or one for each controller (version 1). */
export interface Cgroups {
  readonly version: 1 | 2;
  readonly controllers: readonly string[];
  /** The folders in which the pods' group is made. */
  readonly trees: readonly string[];
}

/** Reads which controllers are mounted, from the file system alone: systemd is not asked. */
export function readCgroups(mount = '/sys/fs/cgroup'): Cgroups {
  const unified = join(mount, 'cgroup.controllers');
  if (existsSync(unified)) {
    return { version: 2, controllers: readFileSync(unified, 'utf8').trim().split(/\s+/), trees: [mount] };
  }
  const controllers = folders(mount).filter((name) => name !== 'unified' && existsSync(join(mount, name, 'cgroup.procs')));
  // "cpu" and "cpuacct" may be links to one folder "cpu,cpuacct"; making a group twice is harmless.
  return {
    version: 1,
    controllers: controllers.flatMap((name) => name.split(',')),
    trees: [...controllers, ...(existsSync(join(mount, 'unified', 'cgroup.procs')) ? ['unified'] : [])].map((name) => join(mount, name)),
  };
}

/** Makes the pods' group in every tree; the kubelet refuses to start without it. */
export function makePodGroup(cgroups: Cgroups = readCgroups()): void {
  if (cgroups.version === 2) {
    for (const controller of cgroups.controllers) {
      try {
        writeFileSync(join(cgroups.trees[0]!, 'cgroup.subtree_control'), `+${controller}`);
      } catch {
        // A controller that cannot be handed down (hugetlb, rdma on some kernels) is one that pods do not need.
      }
    }
  }
  for (const tree of cgroups.trees) mkdirSync(join(tree, CGROUP_NAME), { recursive: true });
}

/** The numbers of all processes in the pods' group, however deep. */
export function podProcesses(cgroups: Cgroups = readCgroups()): number[] {
  const found = new Set<number>();
  for (const tree of cgroups.trees) collect(join(tree, CGROUP_NAME), found);
  return [...found];
}

/** Removes the pods' group with all below it; groups that still hold a process stay. */
export function removePodGroup(cgroups: Cgroups = readCgroups()): void {
  for (const tree of cgroups.trees) removeTree(join(tree, CGROUP_NAME));
}

function collect(group: string, found: Set<number>): void {
  if (!existsSync(group)) return;
  try {
    for (const pid of readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean)) found.add(Number(pid));
  } catch {
    // The group went away between the listing and the reading.
  }
  for (const child of folders(group)) collect(join(group, child), found);
}

function removeTree(group: string): void {
  if (!existsSync(group)) return;
  for (const child of folders(group)) removeTree(join(group, child));
  try {
    rmdirSync(group);
  } catch {
    // Still busy: reported by the take-down's own check, which lists what is left.
  }
}

function folders(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map((entry) => entry.name);
  } catch {
    return [];
  }
}
