import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { nodePaths } from '../../src/node/node-paths.js';
import { firstFree, isFree, pickPorts, portTaken } from '../../src/node/node-ports.js';

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

  test('a wish that is no port is refused in one sentence', async () => {
    for (const wish of [Number.NaN, 0, 70_000, 80.5]) await expect(pickPorts(nodePaths('/nowhere'), wish)).rejects.toThrow('set it to a whole number from 1 to 65535.');
  });

  test('the sentence about a taken port names who has it', async () => {
    expect((await portTaken(port, 'etcd of the embedded cluster needs it')).message).toMatch(
      new RegExp(`^Port ${port} is taken by \\S+ \\(process ${process.pid}\\) and etcd of the embedded cluster needs it; stop it, then run \\./apex up again\\.$`),
    );
  });
});
