import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Root's folders of programs; a shell made by `su` may lack the sbin ones. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** How a command ended, whatever its exit code. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** The command is killed when it takes longer. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  readonly input?: string;
  readonly cwd?: string;
  /** Added to the environment that this program has. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each line of either stream, as it comes. */
  readonly onLine?: (line: string) => void;
}

/** A command that ended with another code than 0, or not at all. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';

  constructor(
    readonly command: string,
    readonly result: CommandResult,
  ) {
    const last = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-5).join(' | ');
    super(`"${command}" failed with code ${result.code}: ${last}`);
  }
}

/** The full path of a program in the system's folders, or undefined. */
export function findProgram(name: string): string | undefined {
  if (name.startsWith('/')) return name;
  for (const folder of SYSTEM_PATH.split(':')) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  return undefined;
}

/** Runs a program without a shell and answers how it ended; it is killed with its group at the deadline or the signal. */
export function tryCommand(command: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const program = findProgram(command);
  if (!program) return Promise.resolve({ code: 127, stdout: '', stderr: `${command}: not found` });
  options.signal?.throwIfAborted();
  const assignments = Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`);
  const [first, rest] = assignments.length ? ['/usr/bin/env', [...assignments, program, ...args]] : [program, [...args]];

  return new Promise((resolve, reject) => {
    const child = spawn(first, rest, { cwd: options.cwd, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    const stop = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        child.kill('SIGKILL');
      }
    };
    const timer = setTimeout(stop, options.timeoutMs ?? 60_000);
    options.signal?.addEventListener('abort', stop, { once: true });

    for (const name of ['stdout', 'stderr'] as const) {
      let partial = '';
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        output[name] += chunk;
        if (!options.onLine) return;
        const lines = (partial + chunk).split('\n');
        partial = lines.pop() ?? '';
        lines.forEach(options.onLine);
      });
    }
    child.stdin.on('error', () => undefined).end(options.input ?? '');
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', stop);
      if (options.signal?.aborted) reject(options.signal.reason);
      else resolve({ code: code ?? 124, ...output });
    });
  });
}

/** Runs a program and answers what it printed; throws {@link CommandFailed} when it did not succeed. */
export async function runCommand(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await tryCommand(command, args, options);
  if (result.code !== 0) throw new CommandFailed([command, ...args].join(' ').slice(0, 200), result);
  return result.stdout;
}
