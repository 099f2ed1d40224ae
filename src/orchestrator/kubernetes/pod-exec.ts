import type { RequestOptions } from 'node:https';
import { WebSocket } from 'ws';
import type { KubeClient } from './kube-client.js';
import { objectPath } from './kinds.js';

/** The first can say that the input has ended; every supported cluster speaks it. */
const PROTOCOLS = ['v5.channel.k8s.io'];
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;
const CLOSE = 255;
const HANDSHAKE_MS = 10_000;
const CHUNK = 64 * 1024;
/** Of what a command says of its failure, so much is kept. */
const KEPT_STDERR = 4_096;

export interface Command {
  namespace: string;
  pod: string;
  container: string;
  command: readonly string[];
  /** Sent to its standard input, which then ends. Secrets belong here: the command itself stands in the API server's log. */
  input: AsyncIterable<Buffer> | Iterable<Buffer>;
  /** False: the command counts what it reads, and is not told that there is no more. */
  endsInput?: boolean;
  signal: AbortSignal;
}

export interface CommandEnd {
  exitCode: number;
  stderr: string;
}

/** Runs a command in a container. `output` is awaited, and a slow reader slows the command down. */
export async function execInPod(client: KubeClient, wish: Command, output: (chunk: Buffer) => void | Promise<void>): Promise<CommandEnd> {
  wish.signal.throwIfAborted();
  const socket = await connect(client, wish);
  const run = new Run(socket, output);
  const abort = (): void => run.fail(wish.signal.reason);
  wish.signal.addEventListener('abort', abort, { once: true });
  try {
    // Both: whatever ends the command also ends the wait for its input, and the other way round.
    await Promise.race([Promise.all([run.ended, run.feed(wish)]), run.ended]);
    return await run.ended;
  } finally {
    wish.signal.removeEventListener('abort', abort);
    socket.terminate();
  }
}

class Run {
  readonly ended: Promise<CommandEnd>;
  readonly fail: (error: unknown) => void;
  #stderr = '';
  #written: Promise<void> = Promise.resolve();
  #status: Status | undefined;

  constructor(
    private readonly socket: WebSocket,
    private readonly output: (chunk: Buffer) => void | Promise<void>,
  ) {
    const { promise, resolve, reject } = Promise.withResolvers<CommandEnd>();
    this.ended = promise;
    this.fail = reject;
    promise.catch(() => undefined);
    socket.on('message', (data: Buffer) => this.#received(data));
    socket.on('error', reject);
    socket.on('close', () => {
      if (!this.#status) return reject(new Error('The connection to a command ended before it did'));
      const end = { exitCode: exitCodeOf(this.#status), stderr: this.#stderr };
      this.#written.then(() => resolve(end), reject);
    });
  }

  async feed({ input, endsInput = true }: Command): Promise<void> {
    for await (const chunk of input) {
      for (let at = 0; at < chunk.length; at += CHUNK) await this.#send(Buffer.concat([Buffer.of(STDIN), chunk.subarray(at, at + CHUNK)]));
    }
    if (endsInput) await this.#send(Buffer.of(CLOSE, STDIN));
  }

  #send(data: Buffer): Promise<void> {
    return new Promise((resolve) => this.socket.send(data, () => resolve()));
  }

  #received(data: Buffer): void {
    const [channel] = data;
    const content = data.subarray(1);
    if (channel === STDERR) this.#stderr = (this.#stderr + content.toString()).slice(-KEPT_STDERR);
    if (channel === STATUS) {
      this.#status = JSON.parse(content.toString()) as Status;
      this.socket.close();
    }
    if (channel !== STDOUT || content.length === 0) return;
    this.socket.pause();
    this.#written = this.#written.then(async () => {
      await this.output(content);
      this.socket.resume();
    });
    this.#written.catch(this.fail);
  }
}

interface Status {
  status?: string;
  details?: { causes?: { reason?: string; message?: string }[] };
}

function exitCodeOf({ status, details }: Status): number {
  if (status === 'Success') return 0;
  const cause = details?.causes?.find(({ reason }) => reason === 'ExitCode');
  return Number(cause?.message ?? 255) || 255;
}

async function connect(client: KubeClient, { namespace, pod, container, command, signal }: Command): Promise<WebSocket> {
  const url = new URL(`${client.server.replace(/\/$/, '')}${objectPath('Pod', pod, namespace)}/exec`);
  url.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:';
  for (const [name, value] of Object.entries({ container, stdin: 'true', stdout: 'true', stderr: 'true', tty: 'false' })) url.searchParams.set(name, value);
  for (const word of command) url.searchParams.append('command', word);
  const options: RequestOptions = {};
  await client.kubeConfig.applyToHTTPSOptions(options);
  const socket = new WebSocket(url, PROTOCOLS, { ...(options as object), handshakeTimeout: HANDSHAKE_MS });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = (): void => reject(signal.reason as Error);
  socket.once('open', resolve);
  socket.once('error', reject);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await promise;
    return socket;
  } catch (error) {
    socket.on('error', () => undefined);
    socket.terminate();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
