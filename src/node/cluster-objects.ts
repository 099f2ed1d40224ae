import { kubectl } from './api-client.js';
import type { NodePaths } from './node-paths.js';

/** The default StorageClass of the node; its provisioner is one of the node's controllers. */
export const STORAGE_CLASS = 'apex-local';
export const PROVISIONER = 'apexpaas.com/local-volume';
/** The class of the Ingress objects that the node's Caddy serves. */
export const INGRESS_CLASS = 'apex';

type Rule = { apiGroups: string[]; resources: string[]; verbs: string[] };
const READ = ['get', 'list', 'watch'];

/** What has to be in the cluster before anything is deployed: the classes, and the rights of the node's own programs. */
export function clusterObjects(): unknown[] {
  return [
    {
      apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass',
      metadata: { name: STORAGE_CLASS, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: PROVISIONER, reclaimPolicy: 'Delete', volumeBindingMode: 'WaitForFirstConsumer', allowVolumeExpansion: true,
    },
    {
      apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass',
      metadata: { name: INGRESS_CLASS, annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
      spec: { controller: 'apexpaas.com/caddy' },
    },
    ...rights('kube-router', [
      { apiGroups: [''], resources: ['namespaces', 'pods', 'services', 'nodes', 'endpoints'], verbs: READ },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: READ },
      { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: READ },
    ]),
    ...rights('coredns', [
      { apiGroups: [''], resources: ['namespaces', 'pods', 'services', 'endpoints'], verbs: READ },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: READ },
    ]),
    ...rights('controllers', [
      { apiGroups: [''], resources: ['services', 'nodes', 'pods', 'namespaces', 'secrets'], verbs: READ },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: READ },
      { apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'ingressclasses'], verbs: READ },
      { apiGroups: ['networking.k8s.io'], resources: ['ingresses/status'], verbs: ['update', 'patch'] },
      { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: READ },
      { apiGroups: [''], resources: ['persistentvolumes'], verbs: [...READ, 'create', 'update', 'patch', 'delete'] },
      { apiGroups: [''], resources: ['persistentvolumes/status', 'persistentvolumeclaims/status'], verbs: ['update', 'patch'] },
      { apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: [...READ, 'update', 'patch'] },
      { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'update', 'patch'] },
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update', 'patch'] },
    ]),
  ];
}

/** Applies them; what is there already and equal is not written. */
export async function applyClusterObjects(paths: NodePaths, signal?: AbortSignal): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: clusterObjects() };
  await kubectl(paths, ['apply', '--server-side', '--force-conflicts', '--field-manager=apex-node', '-f', '-'], { input: JSON.stringify(list), signal, timeoutMs: 60_000 });
}

function rights(program: string, rules: Rule[]): unknown[] {
  const name = `apex:${program}`;
  return [
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name }],
    },
  ];
}
