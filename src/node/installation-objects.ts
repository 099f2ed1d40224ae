import { setTimeout as pause } from 'node:timers/promises';
import { askCluster } from './cluster-request.js';
import { kubeConfigOf, type ExistingCluster } from './existing-cluster.js';
import { NodeProblem } from './node-problem.js';

const REQUEST_MS = 10_000;
const LOOK_EVERY_MS = 500;

/**
 * Removes everything that an installation has in a cluster: its namespaces, known by their label, with what is in
 * them. Returns once they are gone.
 */
export async function removeInstallationObjects(cluster: ExistingCluster, installationId: string, options: { deadlineMs: number; onProgress?: (left: number) => void }): Promise<void> {
  const config = kubeConfigOf(cluster);
  const list = `/api/v1/namespaces?labelSelector=${encodeURIComponent(`apexpaas.com/installation=${installationId}`)}`;
  for (const deadline = Date.now() + options.deadlineMs; ; await pause(LOOK_EVERY_MS)) {
    const { status, body } = await askCluster(config, 'GET', list, REQUEST_MS);
    if (status !== 200) throw new NodeProblem(`The cluster refuses to list namespaces (${status}); check the rights of the account in the kubeconfig.`);
    const namespaces = (JSON.parse(body) as { items: Array<{ metadata: { name: string; deletionTimestamp?: string } }> }).items;
    if (namespaces.length === 0) return;
    options.onProgress?.(namespaces.length);
    for (const { metadata } of namespaces) {
      if (!metadata.deletionTimestamp) await askCluster(config, 'DELETE', `/api/v1/namespaces/${metadata.name}`, REQUEST_MS);
    }
    if (Date.now() > deadline) throw new NodeProblem(`The cluster still has ${namespaces.length} namespaces of this installation: look at "kubectl get namespaces -l apexpaas.com/installation=${installationId}", then run the command again.`);
  }
}
