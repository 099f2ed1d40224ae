import { KubeConfig } from '@kubernetes/client-node';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { askCluster } from './cluster-request.js';

const DEADLINE_MS = 3000;

export type ExistingCluster = { readonly kind: 'kubeconfig'; readonly path: string } | { readonly kind: 'in-cluster' };

export interface ClusterSearch {
  readonly found: ExistingCluster | null;
  /** A sentence for each cluster that was configured but does not answer. */
  readonly refusals: readonly string[];
}

/** Looks for a cluster that this machine is already configured for and that answers: KUBECONFIG, then the one it runs in, then ~/.kube/config. */
export async function findExistingCluster(env: Readonly<Record<string, string | undefined>>): Promise<ClusterSearch> {
  const refusals: string[] = [];
  for (const cluster of candidates(env)) {
    const refusal = await refusalOf(cluster);
    if (refusal === null) return { found: cluster, refusals };
    refusals.push(`${cluster.kind === 'in-cluster' ? 'The cluster that this runs in' : `The cluster of ${cluster.path}`} does not answer: ${refusal}.`);
  }
  return { found: null, refusals };
}

/** The client configuration of a cluster. */
export function kubeConfigOf(cluster: ExistingCluster): KubeConfig {
  const config = new KubeConfig();
  if (cluster.kind === 'in-cluster') config.loadFromCluster();
  else config.loadFromFile(cluster.path);
  return config;
}

function candidates(env: Readonly<Record<string, string | undefined>>): ExistingCluster[] {
  const own = join(env.HOME || homedir(), '.kube', 'config');
  return [
    ...(env.KUBECONFIG ? [{ kind: 'kubeconfig', path: env.KUBECONFIG } as const] : []),
    ...(env.KUBERNETES_SERVICE_HOST ? [{ kind: 'in-cluster' } as const] : []),
    ...(existsSync(own) ? [{ kind: 'kubeconfig', path: own } as const] : []),
  ];
}

async function refusalOf(cluster: ExistingCluster): Promise<string | null> {
  try {
    const { status } = await askCluster(kubeConfigOf(cluster), 'GET', '/version', DEADLINE_MS);
    return status === 200 ? null : `it answers ${status} to /version`;
  } catch (error) {
    return error instanceof Error && error.name === 'AbortError' ? `no answer within ${DEADLINE_MS / 1000} s` : String((error as Error).message);
  }
}
