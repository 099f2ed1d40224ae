import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { prepareS3Server } from '../../src/node/s3-server.js';
import { S3Storage, type S3Settings } from '../../src/outside/s3-storage.js';

/** Where it is not compiled yet, the first test that wants it waits for that. */
export const S3_START_MS = 600_000;

export interface S3Server {
  /** What an installation is told of it. */
  settings: Record<'APEX_S3_ENDPOINT' | 'APEX_S3_BUCKET' | 'APEX_S3_ACCESS_KEY_ID' | 'APEX_S3_SECRET_ACCESS_KEY', string>;
  /** Folder of the bucket: an object is a file at its key. */
  folder: string;
  /** A client of it, with other settings where some are given; it is closed with the server. */
  client(other?: Partial<S3Settings>): S3Storage;
  stop(): Promise<void>;
}

/** A real S3 server on loopback, with an empty bucket. Its secret is a canary: no log and no answer may hold it. */
export async function startS3Server(): Promise<S3Server> {
  const { XDG_CACHE_HOME, HOME = homedir() } = process.env;
  const program = await prepareS3Server({ cacheDir: join(XDG_CACHE_HOME || join(HOME, '.cache'), 'apex') });
  const root = mkdtempSync(join(tmpdir(), 'apex-s3-'));
  const folder = join(root, 'apex-objects');
  mkdirSync(folder);
  const [access, secret] = ['apex-tests', 'canary-of-the-s3-server'];
  const host = `127.0.0.1:${await freePort()}`;
  const child = spawn(program, ['--port', host, '--health', '/health', '--quiet', 'posix', root], { env: { ROOT_ACCESS_KEY: access, ROOT_SECRET_KEY: secret }, stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for (let tries = 0; !(await fetch(`http://${host}/health`).catch(() => null)); tries++) {
    if (tries > 600 || child.exitCode !== null) throw new Error('The S3 server does not start');
    await sleep(50);
  }
  const clients: S3Storage[] = [];
  return {
    settings: { APEX_S3_ENDPOINT: `http://${host}`, APEX_S3_BUCKET: 'apex-objects', APEX_S3_ACCESS_KEY_ID: access, APEX_S3_SECRET_ACCESS_KEY: secret },
    folder,
    client: (other = {}) => {
      const client = new S3Storage({ endpoint: `http://${host}`, region: 'us-east-1', bucket: 'apex-objects', accessKeyId: access, secretAccessKey: secret, pathStyle: true, ...other });
      clients.push(client);
      return client;
    },
    stop: async () => {
      await Promise.all(clients.map((client) => client.close()));
      child.kill();
      await ended;
      rmSync(root, { recursive: true, force: true });
    },
  };
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
