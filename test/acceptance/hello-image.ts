import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const NODE_DIR = process.env['APEX_NODE_DIR'] ?? '/var/lib/apex-node';
const run = promisify(execFile);

/** Builds the sample server with `env` in its image, and pushes it under `name`: to the node's registry (`apex.local/…`), or to another. */
export async function pushHello(name: string, env: readonly string[] = [], registry = registryOfNode()): Promise<void> {
  const bin = join(NODE_DIR, 'bin');
  await run(join(bin, 'apex-node'), [
    'image', 'build', '--name', name, '--registry', registry, '--push',
    '--file', `${join(bin, 'hello')}:/hello:0755`, '--entrypoint', '/hello', '--expose', '8080', '--user', '65532',
    ...env.flatMap((entry) => ['--env', entry]),
  ], { timeout: 30_000 });
}

const registryOfNode = (): string => (JSON.parse(readFileSync(join(NODE_DIR, 'status.json'), 'utf8')) as { registry: string }).registry;
