import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config.js';
import { createLogger } from '../../src/logger.js';
import { startServer, type ApexServer } from '../../src/server.js';
import { http } from '../support/http.js';
import { createEmptyDatabase } from '../support/test-database.js';

/** A way to the database that can be cut and mended, as a network is. */
class Cable {
  private readonly server: Server;
  private readonly open = new Set<Socket>();
  private cut = false;

  constructor(private readonly target: URL) {
    this.server = createServer((near) => {
      if (this.cut) return void near.destroy();
      const far = connect(Number(this.target.port || 5432), this.target.hostname);
      for (const socket of [near, far]) this.open.add(socket.on('error', () => undefined).on('close', () => (near.destroy(), far.destroy())));
      near.pipe(far).pipe(near);
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return Object.assign(new URL(this.target), { port: String((this.server.address() as AddressInfo).port) }).href;
  }

  /** Nothing listens any more, and what was open breaks. */
  async unplug(): Promise<void> {
    this.cut = true;
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.open) socket.destroy();
    await closed;
  }

  async plug(url: string): Promise<void> {
    this.cut = false;
    await new Promise<void>((resolve) => this.server.listen(Number(new URL(url).port), '127.0.0.1', resolve));
  }
}

describe('the start of a server', () => {
  let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
  const home = mkdtempSync(join(tmpdir(), 'apex-boot-'));
  const key = randomBytes(32).toString('base64');
  const running: ApexServer[] = [];
  const start = async (env: Record<string, string>): Promise<ApexServer> => {
    const config = loadConfig({ APEX_PORT: '0', APEX_HOME: home, APEX_SECRET_KEY: key, APEX_NO_CLUSTER: '1', APEX_RATE_LIMIT: '0', DATABASE_URL: database.url, ...env });
    const server = await startServer(config, createLogger('silent'));
    running.push(server);
    return server;
  };

  beforeAll(async () => {
    database = await createEmptyDatabase();
  });
  afterAll(async () => {
    await Promise.all(running.map((server) => server.stop()));
    await database.drop();
    rmSync(home, { recursive: true, force: true });
  });

  it('waits for a database that is away, answers 503 meanwhile, and serves when it comes', async () => {
    const cable = new Cable(new URL(database.url));
    const url = await cable.start();
    await cable.unplug();
    const server = await start({ DATABASE_URL: url });
    expect((await http(`${server.url}/healthz`)).status).toBe(200);
    const away = await http(`${server.url}/api/services`);
    expect(away).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE', title: 'Unavailable', status: 503 } });
    expect(Number(away.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await http(`${server.url}/readyz`)).status).toBe(503);

    await cable.plug(url);
    await server.ready;
    expect((await http(`${server.url}/readyz`)).status).toBe(200);
    const { url: written, token } = JSON.parse(readFileSync(join(home, 'credentials.json'), 'utf8'));
    expect(written).toBe(server.url);
    expect(statSync(join(home, 'credentials.json')).mode & 0o777).toBe(0o600);
    expect(await http(`${server.url}/api/services`, { token })).toMatchObject({ status: 200, body: [] });

    await cable.unplug();
    expect((await http(`${server.url}/readyz`)).status).toBe(503);
    expect(await http(`${server.url}/api/services`, { token })).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
    await cable.plug(url);
    expect(await http(`${server.url}/api/services`, { token })).toMatchObject({ status: 200, body: [] });
    await server.stop();
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
    await cable.unplug();
  });

  it('goes on limiting while the database is away', async () => {
    const cable = new Cable(new URL(database.url));
    const server = await start({ DATABASE_URL: await cable.start(), APEX_RATE_LIMIT: '3' });
    await server.ready;
    const { token } = JSON.parse(readFileSync(join(home, 'credentials.json'), 'utf8'));
    await cable.unplug();
    const statuses = [];
    for (let n = 0; n < 5; n += 1) statuses.push((await http(`${server.url}/api/services`, { token })).status);
    expect(statuses).toEqual([503, 503, 503, 429, 429]);
    await server.stop();
  });

  it('refuses another key than the one it was made with', async () => {
    const server = await start({ APEX_SECRET_KEY: randomBytes(32).toString('base64') });
    await expect(server.ready).rejects.toThrow(/key/i);
    await server.stop();
  });

  it('says without a cluster what a deploy would be told', async () => {
    const server = await start({});
    await server.ready;
    expect(await http(`${server.url}/readyz?cluster=1`)).toMatchObject({ status: 503, body: { code: 'CLUSTER_REQUIRED', title: 'Feature requires K8s' } });
  });
});
