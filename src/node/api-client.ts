import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { API_PORT, NODE_NAME } from './addresses.js';
import type { NodePaths } from './node-paths.js';
import { runCommand } from './run-command.js';

/** One GET of the node's API server as its administrator; the answer's status and text. */
export function apiGet(paths: NodePaths, path: string, timeoutMs = 5_000): Promise<{ status: number; body: string }> {
  const tls = (file: string) => readFileSync(join(paths.tls, file));
  return new Promise((resolve, reject) => {
    const call = request(
      { host: '127.0.0.1', port: API_PORT, path, ca: tls('ca.crt'), cert: tls('admin.crt'), key: tls('admin.key'), agent: false, signal: AbortSignal.timeout(timeoutMs) },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body })).on('error', reject);
      },
    );
    call.on('error', reject).end();
  });
}

/** Whether the API server says now that it is ready. */
export function answers(paths: NodePaths): Promise<boolean> {
  return apiGet(paths, '/readyz').then(({ status }) => status === 200, () => false);
}

/** Waits until the API server says that it is ready. */
export async function waitForApi(paths: NodePaths, signal: AbortSignal): Promise<void> {
  await until(signal, () => answers(paths));
}

/** Whether the node reports Ready, by a report that is not older than the given time. */
export async function isNodeReady(paths: NodePaths, since = 0): Promise<boolean> {
  const { status, body } = await apiGet(paths, `/api/v1/nodes/${NODE_NAME}`);
  if (status !== 200) return false;
  const node = JSON.parse(body) as { status?: { conditions?: Array<{ type: string; status: string; lastHeartbeatTime: string }> } };
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' && Date.parse(ready.lastHeartbeatTime) >= since;
}

/** Waits until the kubelet has reported itself ready after the given time (an older report is the last run's). */
export async function waitForNode(paths: NodePaths, since: number, signal: AbortSignal): Promise<void> {
  const wholeSecond = Math.floor(since / 1000) * 1000;
  await until(signal, () => isNodeReady(paths, wholeSecond));
}

/** Runs kubectl as the administrator. */
export function kubectl(paths: NodePaths, args: readonly string[], options: { input?: string; signal?: AbortSignal | undefined; timeoutMs?: number } = {}): Promise<string> {
  return runCommand(join(paths.bin, 'apex-kube'), ['kubectl', '--kubeconfig', paths.kubeconfig, ...args], options);
}

async function until(signal: AbortSignal, test: () => Promise<boolean>): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    try {
      if (await test()) return;
    } catch {
      // Not listening yet, or in the middle of its start.
    }
    await pause(150, undefined, { signal });
  }
}
