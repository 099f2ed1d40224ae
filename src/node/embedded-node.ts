import { answers } from './api-client.js';
import { bringUpNode, type BringUpOptions, type NodeInfo } from './bring-up.js';
import { areBuilt, binariesFolder } from './binaries.js';
import { homeDomain } from './home-domains.js';
import { lockHolder } from './node-lock.js';
import { nodePaths, type NodePaths } from './node-paths.js';
import { readStatus, type NodeStatus } from './node-status.js';
import { addUser, liveUsers, removeUser, type NodeUser } from './node-users.js';
import { missingPackages } from './packages.js';
import { inspectMachine, requirePrerequisites } from './prerequisites.js';
import { runningSupervisor } from './supervisor.js';
import { purgeNodeData, takeDownNode } from './take-down.js';


/**
 * Makes the machine's embedded node ready, from nothing, from a half-finished run or from running already, and
 * registers `pid` as its user. Two calls at once share one effort. Throws {@link NodeProblem} with one sentence.
 */
export function bringUp(options: BringUpOptions): Promise<NodeInfo> {
  return bringUpNode(nodePaths(), options);
}

/**
 * Throws {@link NodeProblem} when this machine lacks something that {@link bringUp} cannot put right itself. Quick, and
 * changes nothing: for a sentence on the terminal before the long work goes into the background.
 */
export function checkPrerequisites(options: { cacheDir: string }): void {
  requirePrerequisites(inspectMachine(nodePaths(), options.cacheDir), { build: !areBuilt(binariesFolder(options.cacheDir)), packages: missingPackages() });
}

/** Registers a process that uses the node: while it lives, the node is not taken down. */
export function registerUser(user: { home: string; pid: number }): NodeUser {
  return addUser(nodePaths(), user.home, user.pid);
}

/** Ends a registration. When no living process is registered any more, the node is stopped; answers whether it was. */
export async function release(user: { home: string; pid: number; signal?: AbortSignal }): Promise<boolean> {
  const paths = nodePaths();
  removeUser(paths, user.home, user.pid);
  if (liveUsers(paths).length > 0) return false;
  await takeDownNode(paths, { signal: user.signal });
  return true;
}

/**
 * Stops the node and removes its processes, mounts, interfaces and rules; its data stays. Does nothing while somebody
 * uses it, unless forced.
 */
export function takeDown(options: { force?: boolean; signal?: AbortSignal } = {}): Promise<void> {
  return takeDownNode(nodePaths(), options);
}

/** {@link takeDown}, and then the data: every volume, image and object. Refused while another home has data there. */
export function purgeNode(options: { home: string; signal?: AbortSignal }): Promise<void> {
  return purgeNodeData(nodePaths(), options.home, { signal: options.signal });
}

/** The domain of a home's services: `apex.localhost` for the machine's first home, a name below it for each other. */
export function domainFor(home: string): string {
  return homeDomain(nodePaths(), home);
}

/** Who uses the node now. */
export function users(): NodeUser[] {
  return liveUsers(nodePaths());
}

/** What the status file says, corrected by what can be seen: a state whose process died is not repeated. */
export async function status(paths: NodePaths = nodePaths()): Promise<NodeStatus> {
  const written = readStatus(paths);
  const stopped = (message: string): NodeStatus => ({ ...written, state: 'stopped', percent: 0, message, step: 'stopped' });
  if (['building', 'starting', 'stopping'].includes(written.state) && !lockHolder(paths.lockFile)) {
    return stopped('The embedded cluster was interrupted while it changed; ./apex up goes on with it.');
  }
  if (written.state !== 'ready') return written;
  if (!runningSupervisor(paths)) return stopped('The embedded cluster is not running any more; ./apex up starts it again.');
  // Only root may read the certificate with which one asks.
  if (process.getuid?.() !== 0) return written;
  return (await answers(paths)) ? written : { ...written, state: 'starting', percent: 90, message: 'The embedded cluster runs, but its API server does not answer yet.' };
}
