import type { KubeClient } from './kubernetes/kube-client.js';

/** The cluster is not there now. The look is repeated when it is. */
export class ClusterAway extends Error {
  constructor() {
    super('The cluster is not ready');
    this.name = 'ClusterAway';
  }
}

/** How a reconciler gets at the cluster of now: never kept, because credentials may change. Throws `ClusterAway`. */
export type ClusterAccess = () => KubeClient;
