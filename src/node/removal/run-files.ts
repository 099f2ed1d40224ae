import { readFileSync, readdirSync, readlinkSync, rmSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import type { NodePaths } from '../node-paths.js';

const SHIM_SOCKETS = '/run/containerd/s';
const CONTAINER_LINKS = '/var/log/containers';
const CNI_RESULTS = '/var/lib/cni/results';
const DEVICE_PLUGINS = '/var/lib/kubelet/device-plugins';

/**
 * Removes what lives only while the node runs: its folder under /run, and the few files that containerd, the kubelet
 * and the CNI library put in fixed places whatever they are told. Nothing is taken that is not provably the node's.
 */
export function removeRunFiles(paths: NodePaths): void {
  for (const socket of shimSockets(paths)) rmSync(socket, { force: true });
  rmSync(paths.run, { recursive: true, force: true });
  // Addresses of pods that are gone; pods that come back get new ones.
  rmSync(paths.cni, { recursive: true, force: true });
  for (const name of list(CONTAINER_LINKS)) {
    const link = join(CONTAINER_LINKS, name);
    if (targetOf(link)?.startsWith(`${paths.podLogs}/`)) rmSync(link, { force: true });
  }
  for (const name of list(CNI_RESULTS)) if (read(join(CNI_RESULTS, name)).includes(`${paths.run}/`)) rmSync(join(CNI_RESULTS, name), { force: true });
  // Two kubelets cannot run on one machine (they share their port), so a socket that is left is this one's.
  rmSync(join(DEVICE_PLUGINS, 'kubelet.sock'), { force: true });
  for (const folder of [SHIM_SOCKETS, '/run/containerd', CONTAINER_LINKS, CNI_RESULTS, '/var/lib/cni', DEVICE_PLUGINS, '/var/lib/kubelet']) removeIfEmpty(folder);
}

/** Each task's folder says where its shim listens. */
function shimSockets(paths: NodePaths): string[] {
  const tasks = join(paths.containerdState, 'io.containerd.runtime.v2.task', 'k8s.io');
  return list(tasks).flatMap((id) => {
    const address = read(join(tasks, id, 'address')).replace('unix://', '');
    return address.startsWith(`${SHIM_SOCKETS}/`) ? [address] : [];
  });
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Others use it.
  }
}
