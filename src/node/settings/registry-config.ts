import { TOKEN_AUDIENCE, TOKEN_ISSUER } from '../../outside/registry-token.js';
import type { NodePaths } from '../node-paths.js';

/** The image registry, on loopback only: a pod has a loopback of its own and cannot reach this one. Whoever does reach it needs a token of the node's key. */
export function registryConfig(paths: NodePaths, port: number): string {
  return `version: 0.1
log:
  level: warn
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: ${paths.registry}
  delete:
    enabled: true
auth:
  apexnode:
    issuer: ${TOKEN_ISSUER}
    service: ${TOKEN_AUDIENCE}
    jwks: ${paths.registryPublicKeys}
http:
  addr: 127.0.0.1:${port}
`;
}
