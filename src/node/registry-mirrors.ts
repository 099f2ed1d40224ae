import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomically } from './json-file.js';
import type { NodePaths } from './node-paths.js';
import type { NodePorts } from './node-ports.js';
import { pullToken } from './registry-tokens.js';
import { mirroredHosts } from './settings/containerd-config.js';

const MIRRORED = 'docker.io';

/** From now on the node asks its own registry first for docker.io's images; containerd reads this at each pull. */
export function mirrorHosts(paths: NodePaths, ports: NodePorts): void {
  writeFileAtomically(join(paths.certsD, MIRRORED, 'hosts.toml'), mirroredHosts(ports.registry, pullToken(paths)));
}

/** The node asks docker.io itself again. */
export function removeMirror(paths: NodePaths): void {
  rmSync(join(paths.certsD, MIRRORED), { recursive: true, force: true });
}
