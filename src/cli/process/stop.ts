import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, type ProcessIdentity } from '../../node/process-identity.js';

const LOOK_EVERY_MS = 50;

/** A signal, and how long it is given to take effect. */
export type Escalation = readonly [signal: NodeJS.Signals, patienceMs: number];

const POLITELY: readonly Escalation[] = [
  ['SIGTERM', 35_000],
  ['SIGKILL', 10_000],
];

/** Ends exactly this process; answers false when it was gone already. */
export async function stopProcess(identity: ProcessIdentity, escalations = POLITELY): Promise<boolean> {
  if (!isAlive(identity)) return false;
  for (const [signal, patienceMs] of escalations) {
    send(identity.pid, signal);
    if (await ended(identity, patienceMs)) return true;
  }
  throw new Error(`process ${identity.pid} does not end, even by SIGKILL`);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

// The process is no child of this one, so the kernel has no event for its end.
async function ended(identity: ProcessIdentity, patienceMs: number): Promise<boolean> {
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await delay(LOOK_EVERY_MS)) {
    if (!isAlive(identity)) return true;
  }
  return !isAlive(identity);
}
