import type { NodePaths } from '../node-paths.js';
import { findProcesses, identify, type ProcessIdentity } from '../process-identity.js';
import { MARK } from '../settings/processes.js';
import { endProcesses } from '../supervisor.js';

/** All processes that carry the node's mark: its programs and the shims of its containers. */
export function markedProcesses(paths: NodePaths): Array<ProcessIdentity & { readonly isShim: boolean }> {
  const mark = `${MARK}=${paths.root}`;
  const shims = new Set<number>();
  const pids = findProcesses((command, environment) => environment().includes(mark));
  for (const pid of findProcesses((command) => /\/?containerd-shim/.test(command[0]!))) shims.add(pid);
  return pids.flatMap((pid) => {
    const identity = identify(pid);
    return identity ? [{ ...identity, isShim: shims.has(pid) }] : [];
  });
}

/**
 * Ends the programs that a killed supervisor left. Shims stay: containers go on serving, and the next containerd takes
 * them over.
 */
export async function removeStrays(paths: NodePaths): Promise<void> {
  const strays = markedProcesses(paths).filter(({ isShim }) => !isShim);
  await endProcesses(strays, 10_000);
}
