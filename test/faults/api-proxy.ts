import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Agent, request as callHttps } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { KubeConfig } from '@kubernetes/client-node';

/** What the proxy does to a call in place of passing it on; null passes it. */
export type Fault =
  | { status: number; headers?: Record<string, string> }
  | { delayMs: number }
  | 'hang'
  /** Passed on when `until` resolves, though the caller may be gone by then; `passed` is told the answer's status, and the caller nothing. */
  | { until: Promise<void>; passed?: (status: number) => void }
  | null;

/** The API server behind a proxy of ours that can misbehave in HTTP: wrong answers, late ones, none, watches that fall silent. */
export class ApiProxy {
  fault: (req: IncomingMessage) => Fault = () => null;
  /** How many calls it did something to. */
  struck = 0;
  readonly #watches = new Set<IncomingMessage>();
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly upstream: URL,
    private readonly agent: Agent,
  ) {}

  static async before(kubeconfig: KubeConfig): Promise<ApiProxy> {
    const options: { ca?: Buffer; cert?: Buffer; key?: Buffer } = {};
    await kubeconfig.applyToHTTPSOptions(options as never);
    const agent = new Agent({ keepAlive: true, ...options } as ConstructorParameters<typeof Agent>[0]);
    const server = createServer((req, res) => proxy.#serve(req, res));
    server.on('connection', (socket) => {
      proxy.#sockets.add(socket);
      socket.on('close', () => proxy.#sockets.delete(socket));
    });
    const proxy = new ApiProxy(server, new URL(kubeconfig.getCurrentCluster()!.server), agent);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** A kubeconfig that leads here. The proxy has the credentials, so it holds none. */
  get kubeconfig(): string {
    const { port } = this.server.address() as AddressInfo;
    return JSON.stringify({
      apiVersion: 'v1', kind: 'Config', 'current-context': 'proxy',
      clusters: [{ name: 'proxy', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
      contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'none' } }],
      users: [{ name: 'none', user: {} }],
    });
  }

  /** The watches that are open stay open and say nothing any more. */
  silenceWatches(): number {
    for (const watch of this.#watches) watch.pause();
    return this.#watches.size;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.agent.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #serve(req: IncomingMessage, res: ServerResponse): void {
    // The probe of its health passes, so that the faults meet the work and not the word "unreachable".
    const fault = req.url?.startsWith('/version') ? null : this.fault(req);
    if (fault !== null) this.struck += 1;
    if (fault === 'hang') return;
    if (fault !== null && 'status' in fault) {
      const body = JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Fault', code: fault.status });
      return void res.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers }).end(body);
    }
    if (fault !== null && 'until' in fault) return void this.#passLater(req, fault);
    setTimeout(() => this.#pass(req, res), fault?.delayMs ?? 0);
  }

  async #passLater(req: IncomingMessage, { until, passed }: { until: Promise<void>; passed?: (status: number) => void }): Promise<void> {
    const body: Buffer[] = [];
    for await (const chunk of req) body.push(chunk as Buffer);
    await until;
    const { hostname, port } = this.upstream;
    const call = callHttps({ hostname, port, path: req.url, method: req.method, headers: { ...req.headers, host: hostname }, agent: this.agent }, (answer) => {
      answer.resume().on('end', () => passed?.(answer.statusCode ?? 0));
    });
    call.on('error', () => passed?.(0)).end(Buffer.concat(body));
  }

  #pass(req: IncomingMessage, res: ServerResponse): void {
    const { hostname, port } = this.upstream;
    const call = callHttps({ hostname, port, path: req.url, method: req.method, headers: { ...req.headers, host: hostname }, agent: this.agent }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      if (req.url?.includes('watch=true')) this.#watches.add(answer);
      answer.on('close', () => this.#watches.delete(answer)).on('error', () => res.destroy());
      answer.on('data', (chunk) => res.write(chunk)).on('end', () => res.end());
    });
    call.on('error', () => res.destroy());
    res.on('close', () => call.destroy());
    req.pipe(call);
  }
}
