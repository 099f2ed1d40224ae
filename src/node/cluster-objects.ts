import { kubectl } from './api-client.js';
import type { NodePaths } from './node-paths.js';

type Rule = { apiGroups: string[]; resources: string[]; verbs: string[] };
const READ = ['get', 'list', 'watch'];

/** The rights of the node's own programs; the classes of volumes and ingresses are made by its controllers. */
export function clusterObjects(): unknown[] {
  return [
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
      { apiGroups: ['networking.k8s.io'], resources: ['ingresses'], verbs: READ },
      { apiGroups: ['networking.k8s.io'], resources: ['ingressclasses'], verbs: [...READ, 'create'] },
      { apiGroups: ['networking.k8s.io'], resources: ['ingresses/status'], verbs: ['update', 'patch'] },
      { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: [...READ, 'create'] },
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
