import { join } from 'node:path';
import { waitForApi, waitForNode } from './api-client.js';
import { makePodGroup } from './cgroups.js';
import { ensureCertificates } from './certificates.js';
import { applyClusterObjects } from './cluster-objects.js';
import { removeStrays } from './removal/stray-processes.js';
import { readJson } from './json-file.js';
import { NodeProblem } from './node-problem.js';
import { readStatus } from './node-status.js';
import type { NodePaths } from './node-paths.js';
import { pickPorts, rememberedPorts, type NodePorts } from './node-ports.js';
import { makePodNetwork } from './pod-network.js';
import { makeFolders } from './prerequisites.js';
import { isAlive, type ProcessIdentity } from './process-identity.js';
import { pushNodeImages } from './node-images.js';
import { collectRegistryRubbish } from './registry-rubbish.js';
import { runningSupervisor, startSupervisor, stopSupervisor } from './supervisor.js';
import { writeSettings } from './write-settings.js';

const START_DEADLINE_MS = 180_000;
const NEEDED: readonly string[] = ['containerd', 'etcd', 'registry', 'kubernetes', 'caddy'];

export interface StartOptions {
  readonly ingressPort?: number | undefined;
  /** Stop and start what runs, because its programs were replaced. */
  readonly restart: boolean;
  readonly signal: AbortSignal;
  readonly onStep: (step: string, message: string, fraction: number) => void;
}

/**
 * Brings the installed node to "ready" from whatever state it is in: never started, stopped, half started, killed, or
 * running already, in which case nothing is touched but what differs.
 */
export async function startNode(paths: NodePaths, options: StartOptions): Promise<NodePorts> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(START_DEADLINE_MS)]);
  makeFolders(paths);
  let supervisor = options.restart ? undefined : runningSupervisor(paths);
  let ports = rememberedPorts(paths);
  const since = Date.now();

  // A node that serves is looked over in silence: its users are not to be told that it is starting.
  const onStep: StartOptions['onStep'] = (...step) => {
    if (!supervisor || readStatus(paths).state !== 'ready') options.onStep(...step);
  };
  onStep('settings', 'The embedded cluster is being configured.', 0);
  const newCertificates = await ensureCertificates(paths);
  if (ports && options.ingressPort && options.ingressPort !== ports.ingress) supervisor = undefined;
  if (supervisor && ports && (writeSettings(paths, ports) || newCertificates)) supervisor = undefined;
  if (!supervisor || !ports) {
    await stopSupervisor(paths);
    await removeStrays(paths);
    ports = await pickPorts(paths, options.ingressPort);
    writeSettings(paths, ports);
    await collectRegistryRubbish({ program: join(paths.bin, 'registry'), config: join(paths.config, 'registry.yaml'), folder: paths.registry }, signal);
  }
  await makePodNetwork(paths, ports);
  makePodGroup();

  const fresh = supervisor === undefined;
  const running = supervisor ?? startSupervisor(paths);
  const watch = stopWhenHopeless(paths, running, signal);
  try {
    onStep('control-plane', 'The Kubernetes API server is starting.', 0.2);
    await waitForApi(paths, watch.signal);
    onStep('node', 'The node is starting.', 0.6);
    await Promise.all([applyClusterObjects(paths, watch.signal), pushNodeImages(paths, ports, watch.signal), waitForNode(paths, fresh ? since : 0, watch.signal)]);
  } catch (error) {
    options.signal.throwIfAborted();
    if (watch.signal.reason instanceof NodeProblem) throw watch.signal.reason;
    if (error instanceof NodeProblem) throw error;
    throw new NodeProblem(`The embedded cluster did not become ready; the reason is in the logs in ${paths.logs} (${describe(error)}).`, { cause: error });
  } finally {
    watch.stop();
  }
  return ports;
}

/** A signal that fires when the given one does, when the supervisor is gone, or when a program keeps failing. */
function stopWhenHopeless(paths: NodePaths, supervisor: ProcessIdentity, signal: AbortSignal): { signal: AbortSignal; stop: () => void } {
  const hopeless = new AbortController();
  const timer = setInterval(() => {
    const failing = isAlive(supervisor) ? failingProgram(paths) : 'supervisor';
    if (failing) hopeless.abort(new NodeProblem(`The embedded cluster cannot start because its ${failing} ends at once; the reason is at the end of ${join(paths.logs, `${failing}.log`)}.`));
  }, 500);
  return { signal: AbortSignal.any([signal, hopeless.signal]), stop: () => clearInterval(timer) };
}

/** A program without which there is no node and that was started again and again. */
function failingProgram(paths: NodePaths): string | undefined {
  const status = readJson<{ processes: Array<{ name: string; state: string; restarts: number }> }>(paths.processStatus);
  return status?.processes.find(({ name, state, restarts }) => NEEDED.includes(name) && state === 'backoff' && restarts >= 3)?.name;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
