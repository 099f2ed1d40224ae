/**
 * The node's own address is its bridge's, not the machine's: it is there before the first pod, it stays when a laptop
 * changes its network, and nothing outside the machine can route to it.
 */
export const NODE_ADDRESS = '10.244.0.1';
export const NODE_NAME = 'apex';
export const BRIDGE = 'apex0';
export const POD_CIDR = '10.244.0.0/16';
export const SERVICE_CIDR = '10.96.0.0/16';
/** The first address of the service range: where pods find the API server. */
export const API_SERVICE_ADDRESS = '10.96.0.1';
export const CLUSTER_DOMAIN = 'cluster.local';

export const API_PORT = 6443;
export const ETCD_PORT = 2379;
export const ETCD_PEER_PORT = 2380;
export const KUBELET_PORT = 10250;
export const CADDY_ADMIN_PORT = 2019;

/** Ports that are fixed, with the name of what listens there, for the sentence when one is taken. */
export const FIXED_PORTS: ReadonlyArray<readonly [number, string]> = [
  [API_PORT, 'the Kubernetes API server'],
  [ETCD_PORT, 'etcd'],
  [ETCD_PEER_PORT, 'etcd'],
  [KUBELET_PORT, 'the kubelet'],
  [10248, 'the kubelet'],
  [10249, 'kube-proxy'],
  [10256, 'kube-proxy'],
  [10257, 'the controller manager'],
  [10259, 'the scheduler'],
  [CADDY_ADMIN_PORT, 'the ingress'],
  [10053, 'the ingress'],
  [10054, 'the ingress'],
];

/** Ports that are picked once and remembered: the first free one of each list. */
export const INGRESS_PORTS = [8080, 80, 8888, 8081, 8090] as const;
export const REGISTRY_PORTS = [5000, 5001, 5005, 5050] as const;

export const API_URL = `https://127.0.0.1:${API_PORT}`;
/** What images of this machine's registry are called in a pod's spec. */
export const REGISTRY_NAME = 'apex.local';
