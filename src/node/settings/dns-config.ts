import { CLUSTER_DOMAIN, NODE_ADDRESS } from '../addresses.js';

/** Names of services inside, the machine's own resolver for all others. It answers pods only: it binds to their bridge. */
export function corefile(options: { kubeconfig: string; resolvConf?: string }): string {
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
    forward . ${options.resolvConf ?? '/etc/resolv.conf'} {
        max_concurrent 500
    }
    cache 30 {
        disable denial ${CLUSTER_DOMAIN}
        disable success ${CLUSTER_DOMAIN}
    }
    loop
}
`;
}
