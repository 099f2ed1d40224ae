import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { API_URL } from './addresses.js';
import { writeFileAtomically } from './json-file.js';
import type { NodePaths } from './node-paths.js';

/** The programs that speak to the API server, each with the certificate of its own user. */
const CLIENTS = ['controller-manager', 'scheduler', 'kubelet', 'kube-proxy', 'kube-router', 'coredns', 'controllers'] as const;
export type KubeClient = (typeof CLIENTS)[number];

/** Where the kubeconfig of one of the node's programs is. */
export function kubeconfigOf(paths: NodePaths, client: KubeClient): string {
  return join(paths.config, `${client}.kubeconfig`);
}

/** Writes the kubeconfig of every program, and the administrator's, which the server reads. */
export function writeKubeconfigs(paths: NodePaths): void {
  for (const client of CLIENTS) writeFileAtomically(kubeconfigOf(paths, client), render(paths, client));
  writeFileAtomically(paths.kubeconfig, render(paths, 'admin'));
}

/** Everything is inside the file, so that a copy of it works anywhere on the machine. JSON is YAML too. */
function render(paths: NodePaths, user: string): string {
  const data = (file: string) => readFileSync(join(paths.tls, file)).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'apex',
    clusters: [{ name: 'apex', cluster: { server: API_URL, 'certificate-authority-data': data('ca.crt') } }],
    users: [{ name: user, user: { 'client-certificate-data': data(`${user}.crt`), 'client-key-data': data(`${user}.key`) } }],
    contexts: [{ name: 'apex', context: { cluster: 'apex', user } }],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
