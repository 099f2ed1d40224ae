import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the embedded node says of itself in its status file. */
export interface EmbeddedNode {
  state: 'absent' | 'building' | 'starting' | 'ready' | 'stopping' | 'stopped' | 'failed';
  percent: number;
  message: string;
  ingressAddress?: string;
  ingressPort?: number;
  /** host:port of its image registry. */
  registry?: string;
  /** docker.io's images are looked for in that registry first (a machine for tests). */
  seeded: boolean;
}

const SEEDED = 'images-seeded';
const REGISTRY_KEY = join('tls', 'registry-token.key');

/** The status file as it stands; "absent" where there is none. It is replaced as a whole, so it is never half written. */
export function readEmbeddedNode(folder: string): EmbeddedNode {
  try {
    const status = JSON.parse(readFileSync(join(folder, 'status.json'), 'utf8')) as Omit<EmbeddedNode, 'seeded'>;
    return { ...status, seeded: existsSync(join(folder, SEEDED)) };
  } catch {
    return { state: 'absent', percent: 0, message: 'the embedded node is not on this machine yet', seeded: false };
  }
}

/** Its registry and the key (PEM) that signs the tokens for it, null where the node was started before there were any; null where there is no registry. */
export function embeddedRegistry(folder: string): { base: URL; key: string | null } | null {
  const { registry } = readEmbeddedNode(folder);
  if (!registry) return null;
  const path = join(folder, REGISTRY_KEY);
  return { base: new URL(`http://${registry}`), key: existsSync(path) ? readFileSync(path, 'utf8') : null };
}
