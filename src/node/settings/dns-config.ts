import { CLUSTER_DOMAIN, NODE_ADDRESS } from '../addresses.js';

export const MACHINE_RESOLVER = '/etc/resolv.conf';

/** Names of services inside, the machine's own resolver for all others. It answers pods only: it binds to their bridge. */
export function corefile(options: { kubeconfig: string; machineResolves: boolean }): string {
  // Without a name server to ask, the plugin would keep the whole of the DNS server from starting.
  const forward = `    forward . ${MACHINE_RESOLVER} {
        max_concurrent 500
    }
`;
  return `.:53 {
    bind ${NODE_ADDRESS}
    errors
    ready 127.0.0.1:8181
    kubernetes ${CLUSTER_DOMAIN} in-addr.arpa ip6.arpa {
        kubeconfig ${options.kubeconfig}
        pods verified
        fallthrough in-addr.arpa ip6.arpa
        ttl 5
    }
${options.machineResolves ? forward : ''}    cache 30 {
        disable denial ${CLUSTER_DOMAIN}
        disable success ${CLUSTER_DOMAIN}
    }
    loop
}
`;
}
