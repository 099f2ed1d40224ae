import { podProcesses, removePodGroup } from '../cgroups.js';
import type { NodePaths } from '../node-paths.js';
import { identify } from '../process-identity.js';
import { endProcesses } from '../supervisor.js';
import { markedProcesses } from './stray-processes.js';

const GRACE_MS = 10_000;

/**
 * Ends every container: first the processes inside, which get the time to write what they hold, then the shims, which
 * would otherwise stay to tell a containerd that no longer runs how their container ended.
 */
export async function endContainers(paths: NodePaths): Promise<void> {
  await endProcesses(podProcesses().flatMap((pid) => identify(pid) ?? []), GRACE_MS);
  await endProcesses(markedProcesses(paths), 3_000);
  // What a container started between the two looks.
  await endProcesses(podProcesses().flatMap((pid) => identify(pid) ?? []), 0);
  removePodGroup();
}
