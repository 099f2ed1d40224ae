import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { AddressRefused, GuardedFetch, refusal } from '../../src/outside/guarded-fetch.js';
import { isInternalAddress } from '../../src/outside/internal-addresses.js';

let server: Server;
let port: number;
const requests: { url: string; authorization: string | undefined }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push({ url: request.url ?? '', authorization: request.headers.authorization });
    const target = new URL(request.url ?? '/', 'http://x').searchParams.get('to');
    if (target) response.writeHead(302, { location: target }).end();
    else if (request.url === '/ring') response.writeHead(302, { location: '/ring' }).end();
    else if (request.url === '/hang') return;
    else response.end('inside');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const refused = async (guard: GuardedFetch, url: string): Promise<AddressRefused | null> => refusal(await guard.fetch(url).catch((error: unknown) => error));

test.each(['http://127.0.0.1:PORT/', 'http://localhost:PORT/', 'http://[::1]:PORT/', 'http://[::ffff:127.0.0.1]:PORT/', 'http://0x7f000001:PORT/', 'http://2130706433:PORT/', 'http://169.254.169.254/latest/meta-data', 'http://10.96.0.1/', 'file:///etc/passwd'])(
  '%s leads inward and is refused before anything is sent',
  async (url) => {
    const guard = new GuardedFetch();
    const before = requests.length;
    expect(await refused(guard, url.replace('PORT', String(port)))).toBeInstanceOf(AddressRefused);
    expect(requests).toHaveLength(before);
    await guard.close();
  },
);

test('what the operator allows is reached: this host and this port, and no redirect to another', async () => {
  const guard = new GuardedFetch([`127.0.0.1:${port}`]);
  expect(await (await guard.fetch(`http://127.0.0.1:${port}/`)).text()).toBe('inside');
  expect(await refused(guard, `http://127.0.0.1:${port + 1}/`)).toBeInstanceOf(AddressRefused);
  expect(await refused(guard, `http://127.0.0.1:${port}/?to=http://169.254.169.254/`)).toBeInstanceOf(AddressRefused);
  await guard.close();
});

test('credentials do not follow a redirect to another origin, and stay with their own', async () => {
  const guard = new GuardedFetch([`127.0.0.1:${port}`, `localhost:${port}`]);
  requests.length = 0;
  const headers = { authorization: 'Basic c2VjcmV0' };
  await guard.fetch(`http://127.0.0.1:${port}/?to=http://localhost:${port}/other`, { headers });
  await guard.fetch(`http://127.0.0.1:${port}/?to=/own`, { headers });
  expect(requests.map(({ url, authorization }) => [url.split('?')[0], authorization !== undefined])).toEqual([['/', true], ['/other', false], ['/', true], ['/own', true]]);
  await guard.close();
});

test('a server that does not answer is given up at the deadline', async () => {
  const guard = new GuardedFetch([`127.0.0.1:${port}`]);
  await expect(guard.fetch(`http://127.0.0.1:${port}/hang`, { deadlineMs: 100 })).rejects.toThrow('timeout');
  await guard.close();
});

test('a ring of redirects ends', async () => {
  const guard = new GuardedFetch([`127.0.0.1:${port}`]);
  await expect(guard.fetch(`http://127.0.0.1:${port}/ring`)).rejects.toThrow('Too many redirects');
  await guard.close();
});

test('only public unicast addresses lead outward', () => {
  for (const inward of ['127.0.0.1', '10.0.0.1', '172.16.9.9', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '224.0.0.1', '::1', 'fe80::1', 'fd00::1', '::ffff:10.0.0.1', '64:ff9b::a00:1']) {
    expect([inward, isInternalAddress(inward)]).toEqual([inward, true]);
  }
  expect(isInternalAddress('93.184.216.34')).toBe(false);
  expect(isInternalAddress('2606:4700::1111')).toBe(false);
});
