import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodePaths } from '../../src/node/node-paths.js';
import { embeddedRegistry } from '../../src/orchestrator/kubernetes/embedded-node.js';
import { signedDoor } from '../../src/outside/registry-door.js';
import { RegistryTransfer } from '../../src/outside/registry-transfer.js';
import { ownToken, readingHeader } from '../../src/node/registry-tokens.js';

const NODE_DIR = process.env['APEX_NODE_DIR'] ?? '/var/lib/apex-node';

/** `127.0.0.1:<port>` of the node's own registry. */
export const registryOfNode = (): string => (JSON.parse(readFileSync(join(NODE_DIR, 'status.json'), 'utf8')) as { registry: string }).registry;

/** The node's own registry, for whole images. */
export const transferOfNode = (): RegistryTransfer => {
  const { base, key } = embeddedRegistry(NODE_DIR) ?? {};
  if (!base) throw new Error('The node is not running: run the tests with "./apex test".');
  return new RegistryTransfer(signedDoor(base, key ?? null));
};

/** With which the node itself writes there. */
export const tokenOfNode = (): string | undefined => ownToken(nodePaths(NODE_DIR));

/** GET of a path under a repository of it, e.g. `hello/manifests/latest`. */
export const askRegistryOfNode = (path: string, accept = 'application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json'): Promise<Response> =>
  fetch(`http://${registryOfNode()}/v2/${path}`, { headers: { accept, ...readingHeader(nodePaths(NODE_DIR)) } });
