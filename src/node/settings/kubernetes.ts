import { join } from 'node:path';
import { NODE_ADDRESS, NODE_NAME, POD_CIDR, SERVICE_CIDR } from '../addresses.js';
import { kubeconfigOf } from '../kubeconfigs.js';
import type { NodePaths } from '../node-paths.js';
import { apiServerFlags } from './api-server-flags.js';

/** The arguments of apex-kube for all of Kubernetes in one process. What stands behind the API server waits until it answers. */
export function kubernetes(paths: NodePaths): string[] {
  return [['kube-apiserver', ...apiServerFlags(paths)], controllerManager(paths), scheduler(paths), proxy(paths), kubelet(paths)].flatMap((component, index) => (index === 0 ? component : ['and', ...component]));
}

function controllerManager(paths: NodePaths): string[] {
  const tls = (name: string) => join(paths.tls, name);
  return [
    'kube-controller-manager', ...credentials(kubeconfigOf(paths, 'controller-manager')), '--use-service-account-credentials',
    `--root-ca-file=${tls('ca.crt')}`, `--service-account-private-key-file=${tls('service-account.key')}`,
    `--cluster-signing-cert-file=${tls('ca.crt')}`, `--cluster-signing-key-file=${tls('ca.key')}`,
    `--cluster-cidr=${POD_CIDR}`, `--service-cluster-ip-range=${SERVICE_CIDR}`, '--allocate-node-cidrs', '--node-cidr-mask-size=16',
    '--controllers=*,-bootstrap-signer-controller,-token-cleaner-controller,-cloud-node-lifecycle-controller,-node-route-controller,-service-lb-controller,-persistentvolume-attach-detach-controller,-ttl-controller',
    '--terminated-pod-gc-threshold=200',
  ];
}

function scheduler(paths: NodePaths): string[] {
  return ['kube-scheduler', ...credentials(kubeconfigOf(paths, 'scheduler'))];
}

function credentials(kubeconfig: string): string[] {
  return [
    `--kubeconfig=${kubeconfig}`, `--authentication-kubeconfig=${kubeconfig}`, `--authorization-kubeconfig=${kubeconfig}`,
    // There is one of each, so nothing is gained by electing it, and a second would be lost at each start.
    '--leader-elect=false', '--bind-address=127.0.0.1', '--profiling=false', '--kube-api-qps=100', '--kube-api-burst=200',
  ];
}

function proxy(paths: NodePaths): string[] {
  return [
    'kube-proxy', `--kubeconfig=${kubeconfigOf(paths, 'kube-proxy')}`, '--proxy-mode=nftables', '--conntrack-max-per-core=0', '--conntrack-min=0',
    `--cluster-cidr=${POD_CIDR}`, `--hostname-override=${NODE_NAME}`, '--healthz-bind-address=127.0.0.1:10256', '--metrics-bind-address=127.0.0.1:10249',
  ];
}

function kubelet(paths: NodePaths): string[] {
  return [
    'kubelet', `--config=${join(paths.config, 'kubelet.json')}`, `--kubeconfig=${kubeconfigOf(paths, 'kubelet')}`, `--root-dir=${paths.kubelet}`,
    `--hostname-override=${NODE_NAME}`, `--node-ip=${NODE_ADDRESS}`, `--cert-dir=${paths.tls}`,
  ];
}
