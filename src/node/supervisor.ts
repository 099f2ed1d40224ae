import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { NodePaths } from './node-paths.js';
import { findProcesses, identify, isAlive, type ProcessIdentity } from './process-identity.js';
import { SYSTEM_PATH } from './run-command.js';

/** Starts the program that keeps all others of the node running; it outlives this process and its terminal. */
export function startSupervisor(paths: NodePaths): ProcessIdentity {
  rmSync(paths.containerdSocket, { force: true });
  const log = openSync(join(paths.logs, 'supervisor.log'), 'a', 0o600);
  const child = spawn(join(paths.bin, 'apex-node'), ['supervise', '--spec', paths.supervisorSpec], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
    env: { PATH: SYSTEM_PATH },
  });
  closeSync(log);
  child.unref();
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (!identity) throw new Error(`The node's supervisor did not start; see ${join(paths.logs, 'supervisor.log')}.`);
  return identity;
}

/** The running supervisor of this node, found by what it was started with and not by a file that may be old. */
export function runningSupervisor(paths: NodePaths): ProcessIdentity | undefined {
  const [pid] = findProcesses((command) => command[1] === 'supervise' && command.includes(paths.supervisorSpec));
  return pid === undefined ? undefined : identify(pid);
}

/** Asks the supervisor to stop all programs in order and waits; what does not stop in time is killed. */
export async function stopSupervisor(paths: NodePaths, timeoutMs = 60_000): Promise<void> {
  const supervisor = runningSupervisor(paths);
  if (supervisor) await endProcesses([supervisor], timeoutMs);
  rmSync(paths.supervisorPid, { force: true });
}

/** Ends processes: politely, and after the time by force. Each is checked to be the very one that was meant. */
export async function endProcesses(processes: readonly ProcessIdentity[], graceMs: number): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const process_ of processes) if (isAlive(process_)) kill(process_.pid, signal);
    const deadline = Date.now() + (signal === 'SIGTERM' ? graceMs : 10_000);
    while (processes.some(isAlive)) {
      if (Date.now() > deadline) break;
      await pause(50);
    }
    if (!processes.some(isAlive)) return;
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
