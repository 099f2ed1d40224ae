import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a server in a process of its own and waits until `probe` is answered with 200, or with `accept`. */
export async function startProgram(args: string[], env: Record<string, string>, probe: string, accept = 200): Promise<{ child: ChildProcess; milliseconds: number }> {
  const began = performance.now();
  const child = spawn(process.execPath, args, { env: { ...process.env, NODE_ENV: 'production', ...env }, stdio: ['ignore', 'ignore', 'inherit'] });
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${args.join(' ')} ended with ${child.exitCode}`);
    const status = await fetch(probe).then((answer) => answer.status, () => 0);
    if (status === accept) return { child, milliseconds: performance.now() - began };
    if (performance.now() - began > 30_000) throw new Error(`${args.join(' ')} does not answer (${status})`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export async function stopProgram(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
