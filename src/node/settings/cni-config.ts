import { BRIDGE, POD_CIDR } from '../addresses.js';
import type { NodePaths } from '../node-paths.js';

/**
 * One bridge for all pods. Addresses are masqueraded by the node's own nft table (pod-network.ts) and not by the plugin,
 * which would leave an iptables chain for each pod that ended badly.
 */
export function cniConfig(paths: NodePaths): unknown {
  return {
    cniVersion: '0.4.0',
    name: 'apex',
    plugins: [
      {
        type: 'bridge',
        bridge: BRIDGE,
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        ipam: { type: 'host-local', dataDir: paths.cni, ranges: [[{ subnet: POD_CIDR }]], routes: [{ dst: '0.0.0.0/0' }] },
      },
    ],
  };
}
