import type { KubeConfig } from '@kubernetes/client-node';
import { setTimeout as pause } from 'node:timers/promises';
import { askCluster } from './cluster-request.js';
import { kubeConfigOf, type ExistingCluster } from './existing-cluster.js';
import { NodeProblem } from './node-problem.js';

const REQUEST_MS = 10_000;
const LOOK_EVERY_MS = 500;
/** A cluster that does not answer for this long is taken for gone. */
const AWAY_MS = 30_000;
const LABEL = 'apexpaas.com/installation';

/**
 * Removes everything that an installation has in a cluster: its namespaces, known by their label, with what is in
 * them. Returns once they are gone. A cluster that is away for a moment is asked again.
 */
export async function removeInstallationObjects(cluster: ExistingCluster, installationId: string, options: { deadlineMs: number; onProgress?: (left: number) => void }): Promise<void> {
  const config = kubeConfigOf(cluster);
  const deadline = Date.now() + options.deadlineMs;
  for (let answeredAt = Date.now(); ; await pause(LOOK_EVERY_MS)) {
    try {
      const left = await removeOnce(config, installationId);
      if (left === 0) return;
      answeredAt = Date.now();
      options.onProgress?.(left);
    } catch (error) {
      if (error instanceof NodeProblem) throw error;
      if (Date.now() - answeredAt > AWAY_MS) throw new NodeProblem(`The cluster does not answer (${(error as Error).message}), so what this installation has in it could not be removed.`, { cause: error });
    }
    if (Date.now() > deadline) throw new NodeProblem(`The cluster still has namespaces of this installation: look at "kubectl get namespaces -l ${LABEL}=${installationId}", then run the command again.`);
  }
}

/** Asks for the removal of each namespace and answers how many there still are. */
async function removeOnce(config: KubeConfig, installationId: string): Promise<number> {
  const { status, body } = await askCluster(config, 'GET', `/api/v1/namespaces?labelSelector=${encodeURIComponent(`${LABEL}=${installationId}`)}`, REQUEST_MS);
  if (status === 401 || status === 403) throw new NodeProblem(`The cluster refuses to list namespaces (${status}); check the rights of the account in the kubeconfig.`);
  if (status !== 200) throw new Error(`it answers ${status}`);
  const namespaces = (JSON.parse(body) as { items: Array<{ metadata: { name: string; deletionTimestamp?: string } }> }).items;
  for (const { metadata } of namespaces) {
    if (!metadata.deletionTimestamp) await askCluster(config, 'DELETE', `/api/v1/namespaces/${metadata.name}`, REQUEST_MS);
  }
  return namespaces.length;
}
