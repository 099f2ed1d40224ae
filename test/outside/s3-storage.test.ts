import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { StorageFailed, type S3Storage } from '../../src/outside/s3-storage.js';
import { TcpProxy } from '../orchestrator/tcp-proxy.js';
import { S3_START_MS, startS3Server, type S3Server } from '../support/s3-server.js';
import { stream, streamedObjects, sumOf } from './streamed-objects.js';

const never = new AbortController().signal;

async function keys(storage: S3Storage, prefix = ''): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of storage.list(prefix)) found.push(key);
  return found.sort();
}

describe('objects in S3-compatible storage', () => streamedObjects([0, 1, 16, 50]));

describe('S3-compatible storage', () => {
  let server: S3Server;
  let storage: S3Storage;

  beforeAll(async () => {
    server = await startS3Server();
    storage = server.client();
  }, S3_START_MS);
  afterAll(() => server?.stop());

  it('gives the beginning alone', async () => {
    await storage.put('head', stream(1), never);
    const { value } = await stream(1).next();
    expect(await sumOf(await storage.get('head', never, 100))).toBe(await sumOf(Readable.from([(value as Buffer).subarray(0, 100)])));
    await storage.remove('head');
  });

  it('has nothing of a stream that fails, or is cut off', async () => {
    const fails = stream(40, () => Promise.reject(new Error('The engine went away')));
    await expect(storage.put('failed', fails, never)).rejects.toThrow('The engine went away');

    const cut = new AbortController();
    const endless = stream(40, () => new Promise<void>((_resolve, reject) => {
      cut.signal.addEventListener('abort', () => reject(new Error('cut off')));
      cut.abort(new Error('The server stops'));
    }));
    await expect(storage.put('cut', endless, cut.signal)).rejects.toThrow(/cut off|The server stops/);

    expect(await keys(storage)).toEqual([]);
    expect(await storage.endUploads('', new Date(Date.now() + 60_000))).toBe(0);
  }, 60_000);

  it('finds the uploads of a killed server, and only those that are old', async () => {
    const { S3Client, CreateMultipartUploadCommand } = await import('@aws-sdk/client-s3');
    const { APEX_S3_ENDPOINT: endpoint, APEX_S3_ACCESS_KEY_ID: accessKeyId, APEX_S3_SECRET_ACCESS_KEY: secretAccessKey } = server.settings;
    const killed = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
    await killed.send(new CreateMultipartUploadCommand({ Bucket: 'apex-objects', Key: 'ours/half' }));
    await killed.send(new CreateMultipartUploadCommand({ Bucket: 'apex-objects', Key: 'theirs/half' }));
    killed.destroy();
    expect(await storage.endUploads('ours/', new Date(Date.now() - 60_000))).toBe(0);
    expect(await storage.endUploads('ours/', new Date(Date.now() + 60_000))).toBe(1);
    expect(await storage.endUploads('ours/', new Date(Date.now() + 60_000))).toBe(0);
    expect(await storage.endUploads('theirs/', new Date(Date.now() + 60_000))).toBe(1);
  });

  it('goes on through a network that cuts its connections', async () => {
    const proxy = await TcpProxy.to('127.0.0.1', Number(new URL(server.settings.APEX_S3_ENDPOINT).port));
    const cut = server.client({ endpoint: `http://127.0.0.1:${proxy.port}` });
    try {
      const halfway = stream(25, () => proxy.cut());
      async function* whole(): AsyncGenerator<Buffer> {
        yield* halfway;
        yield* stream(25);
      }
      await cut.put('through', whole(), never);

      const wanted = await sumOf(await storage.get('through', never));
      expect(wanted).toMatch(new RegExp(`^${50 * 1024 ** 2} `));
      let cuts = 0;
      async function* interrupted(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
        let read = 0;
        for await (const chunk of content) {
          read += chunk.length;
          if (read > (cuts + 1) * 10 * 1024 ** 2 && cuts < 3) {
            cuts += 1;
            proxy.cut();
          }
          yield chunk;
        }
      }
      expect(await sumOf(interrupted((await cut.get('through', never))!))).toBe(wanted);
      expect(cuts).toBe(3);

      // Another object of that name is not the rest of it.
      const begun = (await cut.get('through', never))![Symbol.asyncIterator]();
      await begun.next();
      await storage.put('through', stream(40), never);
      proxy.cut();
      await expect((async () => { while (!(await begun.next()).done); })()).rejects.toThrow(/PreconditionFailed, status 412/);
      await storage.remove('through');
    } finally {
      await cut.close();
      await proxy.close();
    }
  }, 60_000);

  it('says what it refuses, without any secret or address', async () => {
    const wrong = server.client({ secretAccessKey: 'canary-of-another-secret' });
    const refused = await wrong.put('x', stream(1), never).then(() => null, (error: unknown) => error);
    expect(refused).toBeInstanceOf(StorageFailed);
    expect(inspect(refused, { depth: 9, showHidden: true })).toMatch(/SignatureDoesNotMatch, status 403/);
    expect(inspect(refused, { depth: 9, showHidden: true })).not.toMatch(/canary|apex-tests|127\.0\.0\.1/);
    await wrong.close();
  });
});
