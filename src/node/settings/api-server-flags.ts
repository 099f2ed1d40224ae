import { join } from 'node:path';
import { API_PORT, ETCD_PORT, NODE_ADDRESS, SERVICE_CIDR } from '../addresses.js';
import type { NodePaths } from '../node-paths.js';
import { SPLIT_LOGS } from './kubelet-config.js';

/**
 * The API server's flags. It listens on every address because loopback and the pods' bridge both need it; the node's
 * firewall (pod-network.ts) closes the port to other machines.
 */
export function apiServerFlags(paths: NodePaths): string[] {
  const tls = (name: string) => join(paths.tls, name);
  const config = (name: string) => join(paths.config, name);
  return [
    `--etcd-servers=https://127.0.0.1:${ETCD_PORT}`, `--etcd-cafile=${tls('ca.crt')}`, `--etcd-certfile=${tls('apiserver-etcd-client.crt')}`, `--etcd-keyfile=${tls('apiserver-etcd-client.key')}`,
    `--secure-port=${API_PORT}`, `--advertise-address=${NODE_ADDRESS}`, `--service-cluster-ip-range=${SERVICE_CIDR}`,
    `--tls-cert-file=${tls('apiserver.crt')}`, `--tls-private-key-file=${tls('apiserver.key')}`, `--client-ca-file=${tls('ca.crt')}`,
    `--kubelet-certificate-authority=${tls('ca.crt')}`, `--kubelet-client-certificate=${tls('apiserver-kubelet-client.crt')}`, `--kubelet-client-key=${tls('apiserver-kubelet-client.key')}`,
    '--kubelet-preferred-address-types=InternalIP',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local', `--service-account-signing-key-file=${tls('service-account.key')}`, `--service-account-key-file=${tls('service-account.key')}`,
    `--requestheader-client-ca-file=${tls('front-proxy-ca.crt')}`, '--requestheader-allowed-names=front-proxy-client', '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group', '--requestheader-extra-headers-prefix=X-Remote-Extra-', `--proxy-client-cert-file=${tls('front-proxy-client.crt')}`, `--proxy-client-key-file=${tls('front-proxy-client.key')}`,
    '--enable-aggregator-routing',
    '--authorization-mode=Node,RBAC', '--enable-admission-plugins=NodeRestriction', '--allow-privileged', `--feature-gates=${SPLIT_LOGS}=true`,
    `--encryption-provider-config=${config('encryption.json')}`,
    `--audit-policy-file=${config('audit-policy.json')}`, `--audit-log-path=${join(paths.logs, 'audit.log')}`, '--audit-log-maxsize=10', '--audit-log-maxbackup=2',
    '--profiling=false', '--event-ttl=1h',
  ];
}
