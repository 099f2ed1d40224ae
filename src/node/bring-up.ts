import { resolve } from 'node:path';
import { answers } from './api-client.js';
import { areBuilt, binariesFolder, buildBinaries, installBinaries, installedBuild } from './binaries.js';
import { forgetOldBuilder } from './builder.js';
import { homeDomain } from './home-domains.js';
import { NodeLock } from './node-lock.js';
import type { NodePaths } from './node-paths.js';
import { rememberedPorts, type NodePorts } from './node-ports.js';
import { readStatus, writeStatus, type NodeStatus, type StatusChange } from './node-status.js';
import { addUser, liveUsers } from './node-users.js';
import { installPackages, missingPackages } from './packages.js';
import { inspectMachine, makeFolders, requirePrerequisites } from './prerequisites.js';
import { restoreServiceStarts } from './service-starts.js';
import { startNode } from './start-node.js';
import { runningSupervisor } from './supervisor.js';

export interface BringUpOptions {
  /** The APEX_HOME for which the node is wanted. */
  readonly home: string;
  /** The user's cache folder of apex, where compiled programs are kept. */
  readonly cacheDir: string;
  /** The process that will use the node; while it lives, the node is not taken down. */
  readonly pid: number;
  readonly ingressPort?: number | undefined;
  readonly onProgress?: (status: NodeStatus) => void;
  readonly signal?: AbortSignal | undefined;
}

/** What a user of the running node needs. */
export interface NodeInfo {
  readonly kubeconfig: string;
  readonly domain: string;
  readonly ingressPort: number;
  readonly ingressAddress: string;
  readonly registry: string;
}

/** How the time of a cold bring-up is divided: nearly all of it is compiling. */
const BUILD_SHARE = 88;

/** See embedded-node.ts. */
export async function bringUpNode(paths: NodePaths, options: BringUpOptions): Promise<NodeInfo> {
  const signal = options.signal ?? new AbortController().signal;
  const build = binariesFolder(options.cacheDir);
  const packages = missingPackages();
  requirePrerequisites(inspectMachine(paths, options.cacheDir), { build: !areBuilt(build) && !servesOthers(paths, options), packages });
  makeFolders(paths);
  addUser(paths, options.home, options.pid);
  const domain = homeDomain(paths, options.home);
  const report = (change: StatusChange) => {
    const status = writeStatus(paths, change);
    options.onProgress?.(status);
  };

  const lock = await NodeLock.acquire(paths.lockFile, 'up', { signal, onWait: () => options.onProgress?.(readStatus(paths)) });
  try {
    await install(paths, build, { ...options, signal }, report);
    const ports = await start(paths, build, { ...options, signal }, report);
    return describe(paths, ports, domain);
  } catch (error) {
    const message = signal.aborted ? 'The bring-up of the embedded cluster was stopped; ./apex up goes on with it.' : error instanceof Error ? error.message : String(error);
    if (!isServing(paths)) report({ state: signal.aborted ? 'stopped' : 'failed', percent: 0, message, step: readStatus(paths).step });
    throw error;
  } finally {
    lock.release();
  }
}

async function install(paths: NodePaths, build: string, options: BringUpOptions & { signal: AbortSignal }, report: (change: StatusChange) => void): Promise<void> {
  restoreServiceStarts();
  const packages = missingPackages();
  const compile = !areBuilt(build) && !servesOthers(paths, options);
  if (packages.length === 0 && !compile) return;
  let percent = 0;
  let doing = packages.length > 0 ? 'Installing Debian packages' : 'Looking for Go';
  const tell = () => {
    const change: StatusChange = { state: 'building', percent, message: `${doing}.`, step: compile ? 'build' : 'packages' };
    // While a newer build is made, the older one goes on serving, and the file says so.
    if (isServing(paths)) options.onProgress?.({ ...readStatus(paths), ...change });
    else report(change);
  };
  tell();
  // Either's failure stops the other at once, so that nothing goes on behind a reported error.
  const both = new AbortController();
  const signal = AbortSignal.any([options.signal, both.signal]);
  const abortOther = (error: unknown) => {
    both.abort(error);
    throw error;
  };
  await Promise.all([
    installPackages(packages, { signal }).catch(abortOther),
    compile &&
      buildBinaries(options.cacheDir, build, {
        signal,
        onProgress: (done, what) => {
          percent = Math.floor((done * BUILD_SHARE) / 100);
          doing = `${what[0]?.toUpperCase()}${what.slice(1)}`;
          tell();
        },
      }).catch(abortOther),
  ]);
}

async function start(paths: NodePaths, build: string, options: BringUpOptions & { signal: AbortSignal }, report: (change: StatusChange) => void): Promise<NodePorts> {
  const running = rememberedPorts(paths);
  if (running && servesOthers(paths, options) && (await answers(paths))) {
    report(ready(running));
    return running;
  }
  forgetOldBuilder(paths);
  const replace = installedBuild(paths) !== build;
  if (replace) installBinaries(paths, build);
  const ports = await startNode(paths, {
    ingressPort: options.ingressPort,
    restart: replace,
    signal: options.signal,
    onStep: (step, message, fraction) => report({ state: 'starting', percent: Math.floor(BUILD_SHARE + fraction * (100 - BUILD_SHARE)), message, step }),
  });
  report(ready(ports));
  return ports;
}

/** Another home's running node is used as it is: it is not stopped for other programs or settings than it was started with. */
function servesOthers(paths: NodePaths, options: BringUpOptions): boolean {
  return isServing(paths) && liveUsers(paths).some(({ home, pid }) => pid !== options.pid && home !== resolve(options.home));
}

function isServing(paths: NodePaths): boolean {
  return readStatus(paths).state === 'ready' && runningSupervisor(paths) !== undefined;
}

function ready(ports: NodePorts): StatusChange {
  return {
    state: 'ready',
    percent: 100,
    message: 'The embedded cluster is ready.',
    step: 'ready',
    ingressPort: ports.ingress,
    ingressAddress: '127.0.0.1',
    registry: `127.0.0.1:${ports.registry}`,
  };
}

function describe(paths: NodePaths, ports: NodePorts, domain: string): NodeInfo {
  return { kubeconfig: paths.kubeconfig, domain, ingressPort: ports.ingress, ingressAddress: '127.0.0.1', registry: `127.0.0.1:${ports.registry}` };
}
