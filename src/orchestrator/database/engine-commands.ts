import type { Engine } from '../../entities/database-catalogue.js';
import type { KubeClient } from '../kubernetes/kube-client.js';
import { execInPod, type CommandEnd } from '../kubernetes/pod-exec.js';
import { CONTAINER } from './database-workload.js';

const DEADLINE_MS = 15_000;
const KEPT_OUTPUT = 16_384;

/** Where an engine runs. */
export interface EnginePod {
  client: KubeClient;
  namespace: string;
  pod: string;
  engine: Engine;
}

export interface Space {
  freeBytes: number;
  totalBytes: number;
}

/** How busy an engine is; null what it does not tell. Memory is in bytes. */
export interface Load {
  connections: number | null;
  maxConnections: number | null;
  memory: number | null;
}

/** Null unless the engine answers a query with the password; else how full its volume is, and how busy it is. */
export async function askEngine(at: EnginePod, password: string, signal: AbortSignal): Promise<(Space & Load) | null> {
  const script = `read -r P; { ${at.engine.query}; } > /dev/null 2>&1 || exit 3; df -Pk "${at.engine.mount}" | tail -n 1; { ${at.engine.stats}; } 2> /dev/null || true`;
  const { end, output } = await runScript(at, script, [password], signal);
  if (end.exitCode !== 0) return null;
  const [volume = '', ...stats] = output.trim().split('\n');
  const [, total, used, free] = volume.split(/\s+/);
  return { totalBytes: (Number(used) + Number(free) || Number(total)) * 1024, freeBytes: Number(free) * 1024, ...readLoad(stats) };
}

function readLoad(lines: readonly string[]): Load {
  const told = new Map(lines.map((line) => line.trim().split(' ') as [string, string]));
  const number = (name: keyof Load): number | null => (/^\d+$/.test(told.get(name) ?? '') ? Number(told.get(name)) : null);
  return { connections: number('connections'), maxConnections: number('maxConnections'), memory: number('memory') };
}

/** Gives the engine its next password. False where it refuses. */
export async function rotatePassword(at: EnginePod, password: string, next: string, signal: AbortSignal): Promise<boolean> {
  const { end } = await runScript(at, `read -r P; read -r NEXT; { ${at.engine.rotate}; } > /dev/null 2>&1`, [password, next], signal);
  return end.exitCode === 0;
}

/** Runs a shell script beside the engine with these lines as its input, and answers what it printed: the first 16 KiB. */
export async function runScript(at: EnginePod, script: string, lines: readonly string[], signal: AbortSignal): Promise<{ end: CommandEnd; output: string }> {
  let output = '';
  const end = await execInPod(
    at.client,
    {
      namespace: at.namespace,
      pod: at.pod,
      container: CONTAINER,
      command: ['sh', '-c', script],
      input: [Buffer.from(lines.map((line) => `${line}\n`).join(''))],
      signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
    },
    (chunk) => {
      output = (output + chunk.toString()).slice(0, KEPT_OUTPUT);
    },
  );
  return { end, output };
}
