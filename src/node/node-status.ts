import { readJson, writeJson } from './json-file.js';
import type { NodePaths } from './node-paths.js';

export type NodeState = 'absent' | 'building' | 'starting' | 'ready' | 'stopping' | 'stopped' | 'failed';

/** What status.json holds: how far the node is, in words that a server may repeat to its users. */
export interface NodeStatus {
  readonly state: NodeState;
  readonly percent: number;
  readonly message: string;
  readonly step: string;
  /** Since when the state is this one. */
  readonly since: string;
  readonly updatedAt: string;
  readonly ingressPort?: number;
  readonly ingressAddress?: string;
  readonly registry?: string;
}

export type StatusChange = Pick<NodeStatus, 'state' | 'percent' | 'message' | 'step'> &
  Partial<Pick<NodeStatus, 'ingressPort' | 'ingressAddress' | 'registry'>>;

/** The file as it stands; "absent" where there is none. */
export function readStatus(paths: NodePaths): NodeStatus {
  const now = new Date().toISOString();
  return (
    readJson<NodeStatus>(paths.statusFile) ?? {
      state: 'absent',
      percent: 0,
      message: 'The embedded cluster is not installed on this machine.',
      step: 'none',
      since: now,
      updatedAt: now,
    }
  );
}

/** Writes the next status; what the change does not name (the ports) is kept. Readable by all: it holds no secret. */
export function writeStatus(paths: NodePaths, change: StatusChange): NodeStatus {
  const before = readStatus(paths);
  const now = new Date().toISOString();
  const status: NodeStatus = {
    ...before,
    ...change,
    since: before.state === change.state ? before.since : now,
    updatedAt: now,
  };
  writeJson(paths.statusFile, status, 0o644);
  return status;
}
