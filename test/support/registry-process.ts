import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { nodePaths } from '../../src/node/node-paths.js';
import { ensureRegistryTokens } from '../../src/node/registry-tokens.js';
import { registryConfig } from '../../src/node/settings/registry-config.js';

/** The registry that the embedded node runs. */
const BINARY = join(process.env['APEX_NODE_DIR'] ?? '/var/lib/apex-node', 'bin', 'registry');

export interface RegistryProcess {
  /** `127.0.0.1:<port>`. */
  host: string;
  /** Its configuration. */
  config: string;
  stop(): Promise<void>;
}

/** A registry of the test's own on loopback, with its data in `folder`, open to all. */
export async function startRegistry(folder: string): Promise<RegistryProcess> {
  const port = await freePort();
  return start(folder, port, `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${join(folder, 'data')}}, delete: {enabled: true}}\nhttp: {addr: '127.0.0.1:${port}'}\n`);
}

/** One with the settings that the node gives its own, and with the key that signs the tokens for it. */
export async function startNodeRegistry(folder: string): Promise<RegistryProcess & { key: string; pullToken: string }> {
  const paths = nodePaths(folder);
  ensureRegistryTokens(paths);
  const port = await freePort();
  const registry = await start(folder, port, registryConfig(paths, port));
  return { ...registry, key: readFileSync(paths.registryKey, 'utf8'), pullToken: readFileSync(paths.registryPullToken, 'utf8') };
}

async function start(folder: string, port: number, settings: string): Promise<RegistryProcess> {
  if (!existsSync(BINARY)) throw new Error('The node is not built: run the tests with "./apex test".');
  const config = join(folder, `${port}.yml`);
  writeFileSync(config, settings);
  const child = spawn(BINARY, ['serve', config], { env: { ...process.env, OTEL_TRACES_EXPORTER: 'none' }, stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const host = `127.0.0.1:${port}`;
  for (let tries = 0; !(await fetch(`http://${host}/v2/`).catch(() => null)); tries++) {
    if (tries > 200 || child.exitCode !== null) throw new Error('The registry does not start');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    host,
    config,
    stop: async () => {
      child.kill();
      await ended;
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
