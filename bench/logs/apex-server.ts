import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from '../rest-list/program.ts';
import type { ApiServer } from './api-server.ts';
import { MeasuredProcess } from './measured-process.ts';

/** A whole Apex with a database and a domain of its own, on the cluster of the run. */
export class ApexUnderTest {
  readonly home = mkdtempSync(join(tmpdir(), 'apex-bench-'));
  readonly #name = `apex_bench_${randomBytes(6).toString('hex')}`;
  readonly #admin: string;
  readonly #settings: Record<string, string>;
  process!: MeasuredProcess;
  url = '';
  token = '';

  constructor(admin: string, settings: Record<string, string> = {}) {
    this.#admin = admin;
    this.#settings = settings;
  }

  async start(): Promise<void> {
    await query(this.#admin, `create database ${this.#name}`);
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    const database = Object.assign(new URL(this.#admin), { pathname: `/${this.#name}` }).href;
    const settings = { DATABASE_URL: database, APEX_HOME: this.home, APEX_PORT: String(port), APEX_DOMAIN: `${randomBytes(5).toString('hex')}.apex.localhost`, APEX_SECRET_KEY: randomBytes(32).toString('base64'), APEX_RATE_LIMIT: '0', APEX_LOG_LEVEL: 'warn', ...this.#settings };
    this.process = new MeasuredProcess(['dist/main.js'], settings);
    await this.until('the server', async () => (await fetch(`${this.url}/readyz?cluster=1`).catch(() => null))?.ok || undefined);
    this.token = (JSON.parse(readFileSync(join(this.home, 'credentials.json'), 'utf8')) as { token: string }).token;
  }

  /** A service of one replica that writes numbered lines of 100 bytes for ever. */
  async writer(name: string, script: string): Promise<string> {
    const { id } = await this.call('POST', '/api/deploy', { name, image: 'busybox:latest', command: ['sh', '-c'], args: [script] });
    await this.until(name, async () => (await this.call('GET', `/api/services/${id}`)).status === 'RUNNING' || undefined);
    return id;
  }

  async stop(api: ApiServer): Promise<void> {
    const { rows } = await query(Object.assign(new URL(this.#admin), { pathname: `/${this.#name}` }).href, 'select namespace from environment').catch(() => ({ rows: [] as { namespace: string }[] }));
    await this.process.stop();
    for (const { namespace } of rows) api.kubectl('delete', 'namespace', namespace, '--ignore-not-found', '--wait=false');
    await query(this.#admin, `drop database ${this.#name} with (force)`);
    rmSync(this.home, { recursive: true, force: true });
  }

  async namespace(): Promise<string> {
    const { rows } = await query(Object.assign(new URL(this.#admin), { pathname: `/${this.#name}` }).href, 'select environment.namespace from environment join service on service.environment_id = environment.id');
    return rows[0].namespace;
  }

  /** Calls the REST API as the operator. Throws with the answer where that is no success. */
  async call(method: string, path: string, body?: unknown): Promise<any> {
    const answer = await fetch(this.url + path, { method, headers: { authorization: `Bearer ${this.token}`, ...(body ? { 'content-type': 'application/json' } : {}) }, ...(body ? { body: JSON.stringify(body) } : {}) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  async until<T>(what: string, look: () => Promise<T | undefined>, seconds = 60): Promise<T> {
    for (let tries = 0; tries < seconds * 10; tries += 1) {
      const seen = await look();
      if (seen !== undefined) return seen;
      await pause(100);
    }
    throw new Error(`After ${seconds} s, ${what} is not ready`);
  }
}

async function query(url: string, text: string): Promise<{ rows: any[] }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client.query(text).finally(() => client.end());
}
