import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between a client and the real API server, and can cut, refuse or hang. TLS goes through untouched. */
export class TcpProxy {
  readonly #sockets = new Set<Socket>();
  #mode: 'pass' | 'refuse' | 'hang' = 'pass';
  connections = 0;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async to(host: string, port: number): Promise<TcpProxy> {
    const server = createServer((client) => proxy.#accept(client, host, port));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = new TcpProxy(server, (server.address() as AddressInfo).port);
    return proxy;
  }

  /** Ends every connection; new ones go through. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  refuse(): void {
    this.#mode = 'refuse';
    this.cut();
  }

  /** What is open stays open, and nothing moves any more. */
  hang(): void {
    this.#mode = 'hang';
    for (const socket of this.#sockets) socket.pause();
  }

  pass(): void {
    if (this.#mode === 'hang') this.cut();
    this.#mode = 'pass';
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #accept(client: Socket, host: string, port: number): void {
    this.connections++;
    client.on('error', () => undefined);
    if (this.#mode === 'refuse') return void client.destroy();
    this.#sockets.add(client);
    client.on('close', () => this.#sockets.delete(client));
    if (this.#mode === 'hang') return void client.pause();
    const upstream = connect(port, host);
    upstream.on('error', () => client.destroy());
    this.#sockets.add(upstream);
    upstream.on('close', () => (this.#sockets.delete(upstream), client.destroy()));
    client.on('close', () => upstream.destroy());
    client.pipe(upstream).pipe(client);
  }
}
