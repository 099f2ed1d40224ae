import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface ClientRun {
  folder: string;
  /** Variables that hold what no argument may. */
  secrets: Readonly<Record<string, string>>;
  signal: AbortSignal;
  onLine: (line: string) => void;
}

/**
 * Runs BuildKit's client. It has nothing of the server's environment, and asks nobody for tokens: an image's registry could
 * otherwise send this machine to an address of its choice. Ended with its group when the signal aborts, whose reason it throws.
 */
export function runClient(program: string, args: readonly string[], { folder, secrets, signal, onLine }: ClientRun): Promise<number> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const env = { PATH, HOME: folder, TMPDIR: folder, BUILDKIT_NO_CLIENT_TOKEN: '1', DOCKER_CONFIG: folder, ...secrets };
    const child = spawn(program, args, { cwd: folder, env, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    const stop = (): void => {
      try {
        if (child.pid) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    };
    signal.addEventListener('abort', stop, { once: true });
    createInterface({ input: child.stderr }).on('line', onLine);
    child.on('error', reject);
    child.on('close', (code) => {
      signal.removeEventListener('abort', stop);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve(code ?? 1);
    });
  });
}
