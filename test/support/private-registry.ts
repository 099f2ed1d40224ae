import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pushHello } from '../acceptance/hello-image.js';
import { startRegistry } from './registry-process.js';

interface Login {
  username: string;
  password: string;
}

/** Who may read, with what. */
export const READER = { username: 'reader', password: 'canary-5f1c-of-a-registry' };
export const SECOND_READER = { username: 'second', password: 'canary-a90e-of-a-registry' };
/** Who may do all that there is. */
export const WRITER = { username: 'writer', password: 'canary-77d2-of-a-registry' };

export interface PrivateRegistry {
  /** `127.0.0.1:<port>`, which the node's containerd takes for a registry without TLS. */
  host: string;
  /** The same without a door before it. */
  open: string;
  /** An image of the sample server that is nowhere else. */
  image: string;
  /** The names of those who have read, with their programs: `reader containerd`. */
  readers: Set<string>;
  /** The same of those who have written. */
  writers: Set<string>;
  /** Answers the next requests in place of the registry, as long as it answers with a status. */
  instead: (method: string, path: string) => number | null;
  stop(): Promise<void>;
}

/**
 * The node's registry program behind a door that asks for a password, with one image in it. `tokens`: the door hands out
 * tokens against the password, each for one repository and what may be done with it, as public registries do.
 */
export async function startPrivateRegistry({ tokens = false, tls }: { tokens?: boolean; tls?: { key: string; cert: string } } = {}): Promise<PrivateRegistry> {
  const folder = mkdtempSync(join(tmpdir(), 'apex-private-'));
  const behind = await startRegistry(folder);
  await pushHello(`${behind.host}/secret/hello:1`, [`OF=${folder}`], behind.host);
  const given = new Map<string, { login: Login; scope: string }>();
  const door = (tls ? createTlsServer(tls, (incoming, answer) => ask(incoming, answer)) : createServer((incoming, answer) => ask(incoming, answer))).listen(0, '127.0.0.1');
  await new Promise((resolve) => door.once('listening', resolve));
  const host = `127.0.0.1:${(door.address() as AddressInfo).port}`;
  const registry: PrivateRegistry = {
    host,
    open: behind.host,
    image: `${host}/secret/hello:1`,
    readers: new Set(),
    writers: new Set(),
    instead: () => null,
    stop: async () => {
      door.closeAllConnections();
      door.close();
      await behind.stop();
      rmSync(folder, { recursive: true });
    },
  };

  function ask(incoming: IncomingMessage, answer: ServerResponse): void {
    const { authorization = '', 'user-agent': program = '' } = incoming.headers;
    const { method = 'GET', url = '' } = incoming;
    const basic = [READER, SECOND_READER, WRITER].find(({ username, password }) => authorization === `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`);
    if (tokens && url.startsWith('/token?')) {
      const token = randomUUID();
      if (basic) given.set(`Bearer ${token}`, { login: basic, scope: new URL(url, 'http://door').searchParams.get('scope') ?? '' });
      return void answer.writeHead(basic ? 200 : 401).end(JSON.stringify({ token }));
    }
    const reads = method === 'GET' || method === 'HEAD';
    const scope = `repository:${/^\/v2\/(.+?)\/(?:manifests|blobs)\//.exec(url)?.[1]}:${reads ? 'pull' : method === 'DELETE' ? 'delete' : 'pull,push'}`;
    const token = given.get(authorization);
    const login = tokens ? (token?.scope === scope ? token.login : undefined) : basic;
    if (!login) return void answer.writeHead(401, { 'www-authenticate': tokens ? `Bearer realm="${tls ? 'https' : 'http'}://${host}/token",service="tests",scope="${scope}"` : 'Basic realm="tests"' }).end();
    if (!reads && login !== WRITER) return void answer.writeHead(403).end();
    const instead = registry.instead(method, url);
    if (instead !== null) return void answer.writeHead(instead).end();
    (reads ? registry.readers : registry.writers).add(`${login.username} ${program.split('/')[0]}`);
    const { authorization: _password, ...headers } = incoming.headers;
    const onward = request(`http://${behind.host}${url}`, { method, headers: { ...headers, host } }, (got) => {
      got.pipe(answer.writeHead(got.statusCode ?? 502, got.headers));
    });
    onward.on('error', () => answer.destroy());
    incoming.pipe(onward);
  }
  return registry;
}
