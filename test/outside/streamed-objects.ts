import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import type { S3Storage } from '../../src/outside/s3-storage.js';
import { S3_START_MS, startS3Server, type S3Server } from '../support/s3-server.js';

const MIB = 1024 * 1024;
const BLOCK = randomBytes(MIB);
const never = new AbortController().signal;

/** A stream of so many MiB, each another one; what it does after them is up to the test. */
export async function* stream(mib: number, after: () => Promise<void> | void = () => undefined): AsyncGenerator<Buffer> {
  for (let number = 0; number < mib; number += 1) {
    const block = Buffer.from(BLOCK);
    block.writeUInt32BE(number);
    yield block;
  }
  await after();
}

/** Its bytes and their SHA-256. */
export async function sumOf(content: AsyncIterable<Buffer> | null): Promise<string> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of content ?? []) {
    hash.update(chunk);
    size += chunk.length;
  }
  return `${size} ${hash.digest('hex')}`;
}

/** Streams of these sizes, in MiB, come back as they were, and memory does not grow with them. */
export function streamedObjects(sizes: readonly number[]): void {
  let server: S3Server;
  let storage: S3Storage;
  beforeAll(async () => {
    server = await startS3Server();
    storage = server.client();
  }, S3_START_MS);
  afterAll(() => server?.stop());

  it.each(sizes)('keeps a stream of %i MiB as it is', async (mib) => {
    const key = `some/where/${mib}`;
    const before = process.memoryUsage().rss;
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
    const began = performance.now();
    await storage.put(key, stream(mib), never);
    const putMs = performance.now() - began;
    expect(await sumOf(await storage.get(key, never))).toBe(await sumOf(stream(mib)));
    clearInterval(watch);
    const grownMiB = Math.round((most - before) / MIB);
    if (process.env['APEX_SOAK']) console.log({ mib, putMs: Math.round(putMs), grownMiB });
    // Whatever the size: two parts, and what the collector has not looked at yet.
    expect(grownMiB).toBeLessThan(300);
    const found: string[] = [];
    for await (const one of storage.list('some/')) found.push(`${one.key} ${one.size}`);
    expect(found).toEqual([`${key} ${mib * MIB}`]);
    await storage.remove(key);
    await storage.remove(key);
    expect(await storage.get(key, never)).toBeNull();
  }, 600_000);
}
