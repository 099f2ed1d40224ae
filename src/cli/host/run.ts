import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const KEPT_LINES = 40;

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly timeoutMs: number;
  /** Told each line that the command prints. */
  readonly onLine?: (line: string) => void;
}

export interface RunResult {
  readonly status: number;
  /** The last lines that it printed. */
  readonly tail: string;
}

/** Runs a command to its end, within its deadline. */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const { timeoutMs, onLine, ...spawnOptions } = options;
  const child = spawn(command, args, { ...spawnOptions, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs, killSignal: 'SIGKILL' });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
      onLine?.(line);
    });
  }
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  if (signal) lines.push(`(ended by ${signal})`);
  return { status: code ?? 1, tail: lines.join('\n') };
}
