import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pushHello } from '../acceptance/hello-image.js';
import { startRegistry } from './registry-process.js';

/** Who may read, with what. */
export const READER = { username: 'reader', password: 'canary-5f1c-of-a-registry' };
export const SECOND_READER = { username: 'second', password: 'canary-a90e-of-a-registry' };

export interface PrivateRegistry {
  /** `127.0.0.1:<port>`, which the node's containerd takes for a registry without TLS. */
  host: string;
  /** An image of the sample server that is nowhere else. */
  image: string;
  /** The names of those who have read, with their programs: `reader containerd`. */
  readers: Set<string>;
  stop(): Promise<void>;
}

/** The node's registry program behind a door that asks for a password (the program is built without one), with one image in it. */
export async function startPrivateRegistry(): Promise<PrivateRegistry> {
  const folder = mkdtempSync(join(tmpdir(), 'apex-private-'));
  const open = await startRegistry(folder);
  await pushHello(`${open.host}/secret/hello:1`, [`OF=${folder}`], open.host);
  const readers = new Set<string>();
  const door = createServer((incoming, answer) => ask(open.host, readers, incoming, answer)).listen(0, '127.0.0.1');
  await new Promise((resolve) => door.once('listening', resolve));
  const host = `127.0.0.1:${(door.address() as AddressInfo).port}`;
  return {
    host,
    image: `${host}/secret/hello:1`,
    readers,
    stop: async () => {
      door.closeAllConnections();
      door.close();
      await open.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

function ask(behind: string, readers: Set<string>, incoming: IncomingMessage, answer: ServerResponse): void {
  const { authorization = '', 'user-agent': program = '' } = incoming.headers;
  const reader = [READER, SECOND_READER].find(({ username, password }) => authorization === `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`);
  if (!reader || !['GET', 'HEAD'].includes(incoming.method ?? '')) return void answer.writeHead(401, { 'www-authenticate': 'Basic realm="tests"' }).end();
  readers.add(`${reader.username} ${program.split('/')[0]}`);
  const { authorization: _password, ...headers } = incoming.headers;
  const onward = request(`http://${behind}${incoming.url}`, { method: incoming.method, headers: { ...headers, host: behind } }, (got) => {
    got.pipe(answer.writeHead(got.statusCode ?? 502, got.headers));
  });
  onward.on('error', () => answer.destroy()).end();
}
