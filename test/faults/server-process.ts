import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { installationSelector } from '../../src/orchestrator/kubernetes/labels.js';
import { KubeClient } from '../../src/orchestrator/kubernetes/kube-client.js';
import { readCredentials } from '../../src/orchestrator/kubernetes/cluster-source.js';
import { restClient, type RestClient } from '../acceptance/rest-client.js';
import { theCluster } from '../orchestrator/cluster-installation.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const ROOT = join(import.meta.dirname, '..', '..');

/** What several servers of one installation share. */
export class Installation {
  readonly home = mkdtempSync(join(tmpdir(), 'apex-faults-'));
  readonly domain = `${randomBytes(5).toString('hex')}.apex.localhost`;
  readonly key = randomBytes(32).toString('base64');
  readonly kube = new KubeClient(readCredentials(theCluster()).load(), 'apex-test');
  readonly servers: ServerProcess[] = [];

  private constructor(readonly database: TestDatabase) {}

  static async make(): Promise<Installation> {
    return new Installation(await createTestDatabase());
  }

  /** A server in a process of its own, ready for a deploy. */
  async server(settings: Record<string, string> = {}): Promise<ServerProcess> {
    const server = new ServerProcess(this, await freePort(), settings);
    this.servers.push(server);
    await server.start();
    return server;
  }

  async id(): Promise<string> {
    return (await this.rows<{ id: string }>('select id from installation'))[0]!.id;
  }

  rows<T>(sql: string, params: unknown[] = []): Promise<T[]> {
    return this.database.orm.em.fork().execute<T[]>(sql, params);
  }

  async objects(kind: 'Deployment' | 'Pod' | 'Namespace' | 'Secret' | 'Service' | 'Job'): Promise<any[]> {
    return (await this.kube.list<any>(kind, installationSelector(await this.id()))).items;
  }

  async remove(): Promise<void> {
    for (const server of this.servers) await server.end();
    for (const namespace of await this.objects('Namespace')) await this.kube.remove(namespace);
    await this.kube.close();
    await this.database.drop();
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** `node dist/main.js`, as it runs in production. */
export class ServerProcess {
  #child: ChildProcess | undefined;
  #printed = '';

  constructor(
    private readonly installation: Installation,
    readonly port: number,
    private readonly settings: Record<string, string>,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  /** What it has logged. */
  get log(): string {
    return this.#printed;
  }

  /** Of the operator. */
  get rest(): RestClient {
    return restClient(this.url, this.token);
  }

  get token(): string {
    return (JSON.parse(readFileSync(join(this.installation.home, 'credentials.json'), 'utf8')) as { token: string }).token;
  }

  async start(): Promise<void> {
    const { KUBECONFIG, APEX_NODE_DIR, PATH } = process.env;
    const { home, domain, key, database } = this.installation;
    const cluster = KUBECONFIG && !APEX_NODE_DIR ? { KUBECONFIG } : { APEX_NODE_DIR: APEX_NODE_DIR ?? '/var/lib/apex-node' };
    this.#child = spawn(process.execPath, [join(ROOT, 'dist', 'main.js')], {
      env: {
        PATH, ...cluster, APEX_PORT: String(this.port), APEX_HOME: home, APEX_DOMAIN: domain, DATABASE_URL: database.url, APEX_SECRET_KEY: key,
        APEX_RATE_LIMIT: '0', NODE_ENV: 'production', APEX_DEPLOY_DEADLINE_SECONDS: '60', ...this.settings,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (this.#printed = (this.#printed + text).slice(-200_000)));
    await this.ready();
  }

  async ready(seconds = 60): Promise<void> {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      if (this.#child?.exitCode !== null) throw new Error(`The server ended with ${this.#child?.exitCode}: ${this.#printed.slice(-2000)}`);
      const answer = await fetch(`${this.url}/readyz?cluster=1`, { signal: AbortSignal.timeout(5_000) }).catch(() => null);
      if (answer?.ok) return;
      if (Date.now() > end) throw new Error(`The server is not ready after ${seconds} s: ${this.#printed.slice(-2000)}`);
      await pause(50);
    }
  }

  /** Sends a signal; for one that ends it, waits for the end. */
  async signal(name: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<number | null> {
    const child = this.#child!;
    const ends = name === 'SIGKILL' || name === 'SIGTERM';
    const ended = ends && child.exitCode === null ? once(child, 'exit') : null;
    child.kill(name);
    await ended;
    return child.exitCode;
  }

  async end(): Promise<void> {
    if (!this.#child || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGCONT');
    await this.signal('SIGTERM');
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
