import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identify } from '../../src/node/process-identity.js';

const ROOT = join(import.meta.dirname, '..', '..');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A home of its own for the `apex` command, which is run as a user would run it. */
export class ApexCommand {
  readonly folder = mkdtempSync(join(tmpdir(), 'apex-test-'));
  readonly home = join(this.folder, 'home');

  /** The command under way. Nothing that this machine is configured for gets through to it. */
  start(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const { DATABASE_URL: _url, KUBECONFIG: _config, NODE_OPTIONS: _options, ...rest } = process.env;
    const own = Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith('APEX_')));
    return spawn(join(ROOT, 'apex'), args, { cwd: this.folder, env: { ...own, NODE_ENV: 'production', APEX_HOME: this.home, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  async run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    return outcome(this.start(args, env));
  }

  /** What a file of the home holds. */
  json<T>(name: string): T {
    return JSON.parse(readFileSync(join(this.home, name), 'utf8')) as T;
  }

  /** Stops what still runs, so that a failed test leaves nothing behind. */
  async dispose(): Promise<void> {
    const { code, stderr } = await this.run(['down', '--purge']);
    if (code !== 0) throw new Error(`"down --purge" of ${this.home} failed, so it may still run: ${stderr}`);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** How a program ended, and all that it printed. */
export async function outcome(child: ChildProcess): Promise<Outcome> {
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name]?.setEncoding('utf8').on('data', (text: string) => (printed[name] += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...printed };
}

/** Resolves once a stream has printed this text; it goes on being read. */
export function untilPrinted(stream: NodeJS.ReadableStream, text: string): Promise<void> {
  let all = '';
  return new Promise((resolve, reject) => {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      all += chunk;
      if (all.includes(text)) resolve();
    });
    stream.once('end', () => reject(new Error(`It ended before it printed "${text}". It printed:\n${all}`)));
  });
}

/** A port of loopback that nobody uses, below those that the system gives to outgoing connections. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = createServer();
    try {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    } catch {
      continue;
    } finally {
      server.close();
    }
  }
}

/** Whether a process runs under this number; a corpse that nobody has collected does not. */
export function runs(pid: number): boolean {
  return identify(pid) !== undefined;
}
