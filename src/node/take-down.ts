import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { podProcesses } from './cgroups.js';
import { BRIDGE } from './addresses.js';
import { knownHomes } from './home-domains.js';
import { lockHolder, NodeLock } from './node-lock.js';
import { NodeProblem } from './node-problem.js';
import type { NodePaths } from './node-paths.js';
import { readStatus, writeStatus } from './node-status.js';
import { liveUsers } from './node-users.js';
import { removePodNetwork } from './pod-network.js';
import { endContainers } from './removal/containers.js';
import { removeFirewallRules, remainingRules } from './removal/firewall.js';
import { nodeLoopDevices, nodeMounts, unmountAll } from './removal/mounts.js';
import { removeRunFiles } from './removal/run-files.js';
import { markedProcesses } from './removal/stray-processes.js';
import { tryCommand } from './run-command.js';
import { runningSupervisor, stopSupervisor } from './supervisor.js';

/**
 * Stops the node whatever state it is in and takes away everything of it but its data. Throws when something could not
 * be removed, and names it.
 */
export async function takeDownNode(paths: NodePaths, options: { force?: boolean; signal?: AbortSignal | undefined } = {}): Promise<void> {
  if (options.force || liveUsers(paths).length === 0) interruptBringUp(paths);
  const lock = await NodeLock.acquire(paths.lockFile, 'down', { signal: options.signal });
  try {
    // Looked at again under the lock: another home may have come while this one waited.
    if (!options.force && liveUsers(paths).length > 0) return;
    if (readStatus(paths).state === 'absent' && (await leftovers(paths)).length === 0) return;
    writeStatus(paths, { state: 'stopping', percent: 0, message: 'The embedded cluster is being stopped.', step: 'stop' });
    await stopSupervisor(paths);
    await endContainers(paths);
    await unmountAll(paths);
    await removePodNetwork(paths);
    await removeFirewallRules();
    removeRunFiles(paths);
    const left = await leftovers(paths);
    if (left.length > 0) {
      const message = `The embedded cluster was stopped, but this is left of it: ${left.join('; ')}; run ./apex down again, or restart the machine.`;
      writeStatus(paths, { state: 'failed', percent: 0, message, step: 'stop' });
      throw new NodeProblem(message);
    }
    writeStatus(paths, { state: 'stopped', percent: 0, message: 'The embedded cluster is stopped; ./apex up starts it again.', step: 'stopped' });
  } finally {
    lock.release();
  }
}

/** A bring-up that nobody waits for any more is told to stop, instead of waited for while it compiles. */
function interruptBringUp(paths: NodePaths): void {
  const holder = lockHolder(paths.lockFile);
  if (holder?.purpose === 'up' && holder.pid !== process.pid) process.kill(holder.pid, 'SIGTERM');
}

/**
 * Takes the node down and removes its data too: every volume, image and object in it. Refused while a home other than the
 * given one has data there, also one that does not run now.
 */
export async function purgeNodeData(paths: NodePaths, home: string, options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
  const others = new Set([...knownHomes(paths), ...liveUsers(paths).map((user) => user.home)]);
  others.delete(resolve(home));
  if (others.size > 0) {
    throw new NodeProblem(`The embedded cluster also holds the data of ${[...others].join(', ')}, so it was not removed; run ./apex down --purge there, or delete that folder, first.`);
  }
  await takeDownNode(paths, { ...options, force: true });
  rmSync(paths.root, { recursive: true, force: true });
}

/** Every process, mount, device, interface and rule of the node that is there now, each as a few words. */
export async function leftovers(paths: NodePaths): Promise<string[]> {
  const supervisor = runningSupervisor(paths);
  const links = await tryCommand('ip', ['-o', 'link', 'show', BRIDGE]);
  return [
    ...(supervisor ? [`supervisor (process ${supervisor.pid})`] : []),
    ...markedProcesses(paths).map(({ pid }) => `process ${pid}`),
    ...podProcesses().map((pid) => `container process ${pid}`),
    ...nodeMounts(paths).map((point) => `mount ${point}`),
    ...(await nodeLoopDevices(paths)).map((device) => `loop device ${device}`),
    ...(links.code === 0 ? [`interface ${BRIDGE}`] : []),
    ...(await remainingRules()),
  ];
}
