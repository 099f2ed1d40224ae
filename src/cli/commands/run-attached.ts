import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';

/** Runs Node with the caller's terminal, to its end, and answers its exit code. The signal is passed on as SIGTERM. */
export async function runAttached(args: readonly string[], options: { cwd: string; env: NodeJS.ProcessEnv }, stop: AbortSignal): Promise<number> {
  const child = spawn(process.execPath, args, { ...options, stdio: 'inherit' });
  stop.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return code ?? 128 + (signal ? constants.signals[signal] : 0);
}
