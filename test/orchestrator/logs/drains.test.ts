import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { LogDrain } from '../../../src/entities/log-drain.js';
import { Service } from '../../../src/entities/service.js';
import { createLogger } from '../../../src/logger.js';
import { LogDrains } from '../../../src/orchestrator/logs/drains/log-drains.js';
import { GuardedFetch } from '../../../src/outside/guarded-fetch.js';
import { KeptHistory, storedAt } from './kept-history.js';

let history: KeptHistory;
let web: Awaited<ReturnType<KeptHistory['service']>>;
let drains: LogDrains;
let guard: GuardedFetch;
const servers: (Server | TcpServer)[] = [];
beforeAll(async () => void (history = await KeptHistory.start()));
afterAll(() => history?.stop());
beforeEach(async () => void (web = await history.service()));
afterEach(async () => {
  await drains.stop();
  await guard.close();
  await history.em.execute('delete from log_drain', [], 'run');
  for (const server of servers.splice(0)) server.close();
});

async function listening<T extends Server | TcpServer>(server: T): Promise<string> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Makes a drain and starts the sending, with these internal addresses allowed. */
async function drain(url: string, allowed: string[], more: { token?: string; mostWaitingBytes?: number } = {}): Promise<string> {
  const row = Object.assign(new LogDrain(), { teamId: web.teamId, name: 'test', url });
  const em = history.em;
  if (more.token) row.sealedToken = await history.vault.seal(em, web.teamId, row.id, more.token);
  await em.persist(row).flush();
  guard = new GuardedFetch(allowed);
  drains = new LogDrains({ orm: history.database.orm, vault: history.vault, logger: createLogger('silent'), searcher: history.searcher, guard, allowedInternal: allowed, loki: null, ...(more.mostWaitingBytes && { mostWaitingBytes: more.mostWaitingBytes }) });
  await drains.look(history.fence);
  return row.id;
}

async function until(id: string, what: (row: LogDrain) => boolean): Promise<LogDrain> {
  for (const end = Date.now() + 30_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const row = await history.em.findOneOrFail(LogDrain, { id });
    if (what(row)) return row;
    if (Date.now() > end) throw new Error(`The drain is ${JSON.stringify(row)}`);
  }
}

const lines = (from: number, count: number) => Array.from({ length: count }, (_none, n) => storedAt(from + n, `{"level":"warn","msg":"number ${from + n}","n":${from + n}}`));

/** An endpoint that answers as told and keeps what it took. */
function endpoint(status: (request: number) => number) {
  const seen = { requests: 0, taken: [] as Record<string, unknown>[], headers: {} as IncomingMessage['headers'] };
  const server = createServer((req: IncomingMessage, res: ServerResponse) => {
    let text = '';
    req.setEncoding('utf8').on('data', (chunk: string) => void (text += chunk)).on('end', () => {
      const code = status((seen.requests += 1));
      if (code < 300) seen.taken.push(...text.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>));
      seen.headers = req.headers;
      res.writeHead(code, code === 302 ? { location: '/elsewhere' } : {}).end();
    });
  });
  return { server, seen };
}

test('an endpoint that fails for a while gets every line once, in order, with its token', async () => {
  const { server, seen } = endpoint((request) => ([500, 302][request - 1] ?? 200));
  const address = await listening(server);
  await history.append(web, lines(0, 3));
  const id = await drain(`http://${address}/in`, [address], { token: 'Bearer canary' });
  const failing = await until(id, ({ lastError }) => lastError !== null);
  expect(failing.lastError).toMatch(/^The endpoint answered with (500|302)\.$/);
  await until(id, ({ sent }) => Number(sent) === 3);
  await history.append(web, lines(3, 2_000));
  await drains.look(history.fence);
  expect(await until(id, ({ sent }) => Number(sent) === 2_003)).toMatchObject({ dropped: 0, lastError: null, lastSentAt: expect.any(Date) });
  expect(seen.taken.map(({ n: _n, fields }) => (fields as { n: number }).n)).toEqual(Array.from({ length: 2_003 }, (_none, n) => n));
  expect(seen.taken[0]).toEqual({
    timestamp: expect.any(String), service: expect.stringContaining('logger-'), serviceId: web.serviceId, environment: 'production', replica: 'web-abcde-xyz12', deploymentId: null, level: 'WARN', message: 'number 0', fields: { n: 0 }, cut: false,
  });
  expect(seen.headers).toMatchObject({ authorization: 'Bearer canary', 'content-type': 'application/x-ndjson' });
});

test('what the step before a rollout writes is sent as its service\'s, and said to be of that step', async () => {
  const { server, seen } = endpoint(() => 200);
  const address = await listening(server);
  const id = await drain(`http://${address}/in`, [address]);
  const deployment = (await history.em.findOneOrFail(Service, { id: web.serviceId })).currentDeploymentId!;
  await history.append({ teamId: web.teamId, source: `pre-deploy/${deployment}` }, [storedAt(0, 'migrated', { deploymentId: deployment })]);
  await drains.look(history.fence);
  await until(id, ({ sent }) => Number(sent) === 1);
  expect(seen.taken).toEqual([expect.objectContaining({ service: expect.stringContaining('logger-'), serviceId: web.serviceId, step: 'pre-deploy', deploymentId: deployment, environment: 'production', message: 'migrated' })]);
});

test('a restart of the sender sends nothing twice and leaves nothing out', async () => {
  const { server, seen } = endpoint(() => 200);
  const address = await listening(server);
  await history.append(web, lines(0, 10));
  const id = await drain(`http://${address}/in`, [address]);
  await until(id, ({ sent }) => Number(sent) === 10);
  await drains.stop();
  await history.append(web, lines(10, 10));
  await drains.look(history.fence);
  await until(id, ({ sent }) => Number(sent) === 20);
  expect(seen.taken.map(({ message }) => message)).toEqual(Array.from({ length: 20 }, (_none, n) => `number ${n}`));
});

test('too many lines do not wait: the oldest are dropped and counted, to the line', async () => {
  let open = false;
  const { server, seen } = endpoint(() => (open ? 200 : 503));
  const address = await listening(server);
  const id = await drain(`http://${address}/in`, [address], { mostWaitingBytes: 3_000 });
  for (let n = 0; n < 10; n += 1) await history.append(web, lines(n * 20, 20));
  // What is no longer kept at all is counted too.
  await history.limits({ bytes: 6_000 }).enforce(history.fence);
  open = true;
  await drains.look(history.fence);
  const row = await until(id, ({ sent, dropped }) => Number(sent) + Number(dropped) === 200);
  expect(Number(row.dropped)).toBeGreaterThanOrEqual(100);
  expect(seen.taken).toHaveLength(Number(row.sent));
  expect(seen.taken.at(-1)).toMatchObject({ message: 'number 199' });
});

test('there is no way inward, and the team is told so', async () => {
  const { server, seen } = endpoint(() => 200);
  const address = await listening(server);
  await history.append(web, lines(0, 1));
  expect((await until(await drain(`http://${address}/in`, []), ({ lastError }) => lastError !== null)).lastError).toContain('APEX_ALLOWED_INTERNAL');
  await drains.stop();
  const tcp = createTcpServer();
  const accepted: Socket[] = [];
  tcp.on('connection', (socket) => void accepted.push(socket));
  const syslog = await listening(tcp);
  expect((await until(await drain(`syslog://${syslog}`, []), ({ lastError }) => lastError !== null)).lastError).toContain('APEX_ALLOWED_INTERNAL');
  expect([seen.requests, accepted.length]).toEqual([0, 0]);
});

test('syslog gets each line framed by its length, as RFC 5424 has it, and again after its connection was cut', async () => {
  const received: string[] = [];
  let first: Socket | undefined;
  const server = createTcpServer((socket) => {
    first ??= socket;
    socket.setEncoding('utf8').on('data', (text: string) => void received.push(text));
  });
  const address = await listening(server);
  await history.append(web, [storedAt(0, '\u001b[31mERROR\u001b[0m größer\twide', { deploymentId: '01900000-0000-7000-8000-000000000000' })]);
  const id = await drain(`syslog://${address}`, [address]);
  await until(id, ({ sent }) => Number(sent) === 1);
  const message = /^(\d+) (<131>1 (\S+) web-abcde-xyz12 logger-\S+ - 01900000-0000-7000-8000-00000000 - ERROR größer\twide)$/.exec(await eventually(() => received.join('')));
  expect(Number(message?.[1])).toBe(Buffer.byteLength(message?.[2] ?? ''));
  expect(new Date(message![3]!).toISOString()).toBe(message![3]);
  const cut = once(first!, 'close');
  first!.destroy();
  await cut;
  await history.append(web, [storedAt(1, 'after the cut')]);
  await drains.look(history.fence);
  await until(id, ({ sent }) => Number(sent) === 2);
  expect(await eventually(() => received.slice(1).join(''))).toContain('after the cut');
});

test('a syslog server whose certificate nobody vouches for gets nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'apex-tls-'));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-days', '1', '-keyout', join(folder, 'key'), '-out', join(folder, 'cert')], { stdio: 'ignore' });
  let received = '';
  const server = createTlsServer({ key: readFileSync(join(folder, 'key')), cert: readFileSync(join(folder, 'cert')) }, (socket) => void socket.on('data', (data) => void (received += String(data))).on('error', () => undefined));
  rmSync(folder, { recursive: true });
  server.on('tlsClientError', () => undefined);
  const address = await listening(server);
  await history.append(web, lines(0, 1));
  const id = await drain(`syslog+tls://${address}`, [address]);
  expect((await until(id, ({ lastError }) => lastError !== null)).lastError).toBe('The certificate of the endpoint is not valid.');
  expect(received).toBe('');
});

/** What was sent may still be on its way through the kernel. */
async function eventually(read: () => string): Promise<string> {
  for (const end = Date.now() + 10_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 20))) if (read() !== '') return read();
  throw new Error('Nothing came');
}
