import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { firstFree, isFree, portTaken } from '../../src/node/node-ports.js';

describe('ports of the node', () => {
  let server: Server;
  let port: number;

  beforeEach(async () => {
    server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  test('one that something listens on, if only on loopback, is not free', async () => {
    expect(await isFree(port)).toBe(false);
    await new Promise((resolve) => server.close(resolve));
    expect(await isFree(port)).toBe(true);
  });

  test('the first free one of a list is taken; with none there is a sentence', async () => {
    expect(await firstFree([port, 0], 'the ingress')).toBe(0);
    await expect(firstFree([port], 'the ingress')).rejects.toThrow(`None of the ports ${port} is free for the ingress of the embedded cluster; set APEX_INGRESS_PORT to a free one.`);
  });

  test('the sentence about a taken port names who has it', async () => {
    expect((await portTaken(port, 'etcd of the embedded cluster needs it')).message).toMatch(
      new RegExp(`^Port ${port} is taken by \\S+ \\(process ${process.pid}\\) and etcd of the embedded cluster needs it; stop it, then run \\./apex up again\\.$`),
    );
  });
});
