import { spawn } from 'node:child_process';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const DEADLINE_MS = 5 * 60_000;
/** No file that git writes may be larger. */
const LARGEST_FILE_BYTES = 4 * 1024 ** 3;
const KEPT_OUTPUT = 256 * 1024;

/** A commit could not be fetched. The message is for the user and holds no secret. */
export class CheckoutFailed extends Error {
  override readonly name = 'CheckoutFailed';
}

/** How a run of git ended; of its output the last part. */
export interface GitEnd {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs git in a folder, with these settings and no others. Throws `CheckoutFailed` where it cannot, or the signal's reason. */
export function runGit(args: readonly string[], folder: string, settings: readonly (readonly [string, string])[], signal: AbortSignal): Promise<GitEnd> {
  signal.throwIfAborted();
  const env: Record<string, string> = {
    PATH, HOME: '/nonexistent', LC_ALL: 'C.UTF-8',
    GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_TERMINAL_PROMPT: '0', GIT_ASKPASS: '/bin/false', GIT_LFS_SKIP_SMUDGE: '1', GIT_CEILING_DIRECTORIES: folder,
    GIT_CONFIG_COUNT: String(settings.length),
  };
  for (const [n, [key, value]] of settings.entries()) Object.assign(env, { [`GIT_CONFIG_KEY_${n}`]: key, [`GIT_CONFIG_VALUE_${n}`]: value });
  return new Promise((resolve, reject) => {
    const child = spawn('prlimit', [`--fsize=${LARGEST_FILE_BYTES}`, 'git', ...args], { cwd: folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const end = { stdout: '', stderr: '' };
    const stop = (): void => {
      try {
        if (child.pid) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    };
    const within = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
    within.addEventListener('abort', stop, { once: true });
    child.stdout.on('data', (data: Buffer) => (end.stdout = (end.stdout + data.toString()).slice(-KEPT_OUTPUT)));
    child.stderr.on('data', (data: Buffer) => (end.stderr = (end.stderr + data.toString()).slice(-KEPT_OUTPUT)));
    child.on('error', () => reject(new CheckoutFailed('The server cannot run git: install the package git on its machine.')));
    child.on('close', (code) => {
      within.removeEventListener('abort', stop);
      if (signal.aborted) reject(signal.reason as Error);
      else if (within.aborted) reject(new CheckoutFailed(`The repository did not come within ${DEADLINE_MS / 60_000} minutes.`));
      else resolve({ code: code ?? 1, stdout: end.stdout, stderr: end.stderr });
    });
  });
}
