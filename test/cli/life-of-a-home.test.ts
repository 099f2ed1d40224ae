import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { existsSync, lstatSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ApexCommand, freePort, runs, untilPrinted } from './apex-command.js';

interface Status {
  url: string | null;
  acceptsDeploys: boolean;
  server: { state: string; pid?: number; port?: number };
  database: { state: string; pid?: number };
  cluster: { state: string };
}

const apex = new ApexCommand();
let port: number;

beforeAll(async () => {
  port = await freePort();
});
afterAll(() => apex.dispose());

const up = (...more: string[]) => apex.run(['up', '--detach', '--no-cluster', ...more]);

async function status(): Promise<Status> {
  const { stdout } = await apex.run(['status', '--json']);
  return JSON.parse(stdout) as Status;
}

it('up --detach serves, says where the token is and never prints it', async () => {
  const { code, stdout, stderr } = await up('--port', String(port));
  expect({ code, stderr: code ? stderr : '' }).toEqual({ code: 0, stderr: '' });
  const { url, token } = apex.json<{ url: string; token: string }>('credentials.json');
  expect(url).toBe(`http://127.0.0.1:${port}`);
  expect(stdout).toContain(url);
  expect(stdout).toContain('credentials.json');
  expect(stdout + stderr).not.toContain(token);

  const answer = await fetch(`${url}/api/services`, { headers: { authorization: `Bearer ${token}` } });
  expect([answer.status, await answer.json()]).toEqual([200, []]);
});

it('keeps its secrets for its owner alone, and PostgreSQL has its data where its account can reach it', () => {
  for (const name of ['credentials.json', 'secret.key', 'database.json', 'processes.json', 'logs/server.log']) {
    expect([name, statSync(join(apex.home, name)).mode & 0o777]).toEqual([name, 0o600]);
  }
  expect(existsSync(join(apex.home, 'postgres', 'data', 'PG_VERSION'))).toBe(true);
});

it('status tells each part, and exits with 3 while no deploy would be accepted', async () => {
  const { code, stdout } = await apex.run(['status']);
  expect(code).toBe(3);
  expect(stdout).toMatch(new RegExp(`^server +ready +port ${port}, pid \\d+, since .*UTC$`, 'm'));
  expect(stdout).toMatch(/^database +running +port \d+, pid \d+/m);
  expect(stdout).toMatch(/^cluster +none +started with --no-cluster$/m);
});

it('up again keeps the server that runs, on the port that it has', async () => {
  const before = await status();
  expect((await up()).code).toBe(0);
  expect(await status()).toEqual(before);
});

it('up repairs what was killed, and the data is still there', async () => {
  const { token } = apex.json<{ token: string }>('credentials.json');
  const before = await status();
  process.kill(before.database.pid!, 'SIGKILL');
  process.kill(before.server.pid!, 'SIGKILL');

  expect((await up()).code).toBe(0);
  const after = await status();
  expect(after).toMatchObject({ server: { state: 'ready', port }, database: { state: 'running' } });
  expect(after.server.pid).not.toBe(before.server.pid);
  const answer = await fetch(`${after.url}/api/services`, { headers: { authorization: `Bearer ${token}` } });
  expect(answer.status).toBe(200);
});

it('up finds the server that a killed command left without a record', async () => {
  const before = await status();
  rmSync(join(apex.home, 'processes.json'));
  expect((await up()).code).toBe(0);
  const after = await status();
  expect(after).toMatchObject({ server: { state: 'ready', port }, database: { pid: before.database.pid } });
  expect([before.server.pid, after.server.pid].map((pid) => runs(pid!))).toEqual([false, true]);
});

it('an attached up follows the server that runs, and Ctrl-C leaves it running', async () => {
  const before = await status();
  const attached = apex.start(['up', '--no-cluster']);
  await untilPrinted(attached.stderr!, 'Ctrl-C leaves it so');
  const ended = new Promise((resolve) => attached.once('close', resolve));
  attached.kill('SIGINT');
  expect(await ended).toBe(0);
  expect((await status()).server).toEqual(before.server);
});

it('down leaves no process, and says so when there was none', async () => {
  const { server, database } = await status();
  expect((await apex.run(['down'])).code).toBe(0);
  expect([runs(server.pid!), runs(database.pid!)]).toEqual([false, false]);
  expect(await status()).toMatchObject({ url: null, acceptsDeploys: false, server: { state: 'stopped' }, database: { state: 'stopped' } });
  expect(await apex.run(['down'])).toMatchObject({ code: 0, stderr: 'Nothing was running.\n' });
});

it('an attached up stops what it started when it gets Ctrl-C', async () => {
  const attached = apex.start(['up', '--no-cluster']);
  await untilPrinted(attached.stderr!, 'Ctrl-C stops it');
  const { server, database } = await status();
  expect([server.state, server.port, database.state]).toEqual(['ready', port, 'running']);
  const ended = new Promise((resolve) => attached.once('close', resolve));
  attached.kill('SIGINT');
  expect(await ended).toBe(0);
  expect([runs(server.pid!), runs(database.pid!)]).toEqual([false, false]);
});

it('down --purge removes all of it', async () => {
  const place = join(apex.home, 'postgres');
  const data = lstatSync(place).isSymbolicLink() ? dirname(readlinkSync(place)) : place;
  expect((await apex.run(['down', '--purge'])).code).toBe(0);
  expect([existsSync(apex.home), existsSync(data)]).toEqual([false, false]);
});
