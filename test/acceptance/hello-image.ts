import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { askRegistryOfNode, registryOfNode, tokenOfNode } from '../support/node-registry.js';

const NODE_DIR = process.env['APEX_NODE_DIR'] ?? '/var/lib/apex-node';
const run = promisify(execFile);

/** Builds the sample server with `env` in its image, and pushes it under `name`: to the node's registry (`apex.local/…`), or to another. */
export async function pushHello(name: string, env: readonly string[] = [], registry = registryOfNode(), files: readonly string[] = []): Promise<void> {
  const bin = join(NODE_DIR, 'bin');
  const token = registry === registryOfNode() ? tokenOfNode() : undefined;
  const pushed = run(join(bin, 'apex-node'), [
    'image', 'build', '--name', name, '--registry', registry, '--push',
    '--file', `${join(bin, 'hello')}:/hello:0755`, ...files.flatMap((file) => ['--file', file]), '--entrypoint', '/hello', '--expose', '8080', '--user', '65532',
    ...env.flatMap((entry) => ['--env', entry]), ...(token === undefined ? [] : ['--token-stdin']),
  ], { timeout: 30_000 });
  pushed.child.stdin?.on('error', () => undefined).end(token ?? '');
  await pushed;
}

/** The same with a busybox beside it, to look at it from within. */
export async function pushHelloWithBusybox(name: string, env: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'apex-busybox-'));
  try {
    const file = join(folder, 'busybox');
    writeFileSync(file, await busybox());
    await pushHello(name, env, registryOfNode(), [`${file}:/busybox:0755`]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The static program, out of the image that the node's registry has. */
async function busybox(): Promise<Buffer> {
  const manifest = (await (await askRegistryOfNode('library/busybox/manifests/latest')).json()) as { layers: { digest: string }[] };
  for (const { digest } of manifest.layers) {
    const layer = Buffer.from(await (await askRegistryOfNode(`library/busybox/blobs/${digest}`)).arrayBuffer());
    const found = await extract(layer, 'bin/busybox');
    if (found) return found;
  }
  throw new Error('The image busybox:latest of the node has no bin/busybox');
}

async function extract(layer: Buffer, name: string): Promise<Buffer | null> {
  const call = run('tar', ['-xzO', '--occurrence=1', name], { encoding: 'buffer', maxBuffer: 16 * 2 ** 20 });
  call.child.stdin?.on('error', () => undefined).end(layer);
  return call.then(({ stdout }) => stdout, () => null);
}
