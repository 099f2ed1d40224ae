import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import type { Config } from '../../config.js';

const IN_CLUSTER_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** Where the cluster comes from. */
export type ClusterSource =
  | { kind: 'none' }
  | { kind: 'kubeconfig'; file: string }
  | { kind: 'embedded'; folder: string }
  | { kind: 'in-cluster' };

/** KUBECONFIG, else the embedded node, else the cluster that this server itself runs in, else none. */
export function chooseClusterSource(config: Pick<Config, 'APEX_NO_CLUSTER' | 'KUBECONFIG' | 'APEX_NODE_DIR'>): ClusterSource {
  if (config.APEX_NO_CLUSTER) return { kind: 'none' };
  if (config.KUBECONFIG) return { kind: 'kubeconfig', file: config.KUBECONFIG };
  if (config.APEX_NODE_DIR) return { kind: 'embedded', folder: config.APEX_NODE_DIR };
  return existsSync(IN_CLUSTER_TOKEN) ? { kind: 'in-cluster' } : { kind: 'none' };
}

/** The credentials as they stand now, with a text that changes when they do. Throws where they cannot be read. */
export function readCredentials(source: Exclude<ClusterSource, { kind: 'none' }>): { text: string; load: () => KubeConfig } {
  if (source.kind === 'in-cluster') return { text: 'in-cluster', load: () => loaded((config) => config.loadFromCluster()) };
  const file = source.kind === 'kubeconfig' ? source.file : join(source.folder, 'kubeconfig');
  const text = readFileSync(file, 'utf8');
  return { text, load: () => loaded((config) => config.loadFromFile(file)) };
}

function loaded(load: (config: KubeConfig) => void): KubeConfig {
  const config = new KubeConfig();
  load(config);
  if (!config.getCurrentCluster()) throw new Error('the kubeconfig has no current context with a cluster');
  return config;
}
