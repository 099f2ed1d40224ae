import type { NodePaths } from './node-paths.js';
import type { NodePorts } from './node-ports.js';

/** Pushes what every node has in its registry: the pause image that pods are made of, and the sample. */
export async function pushNodeImages(_paths: NodePaths, _ports: NodePorts, _signal: AbortSignal): Promise<void> {
}
