import type { KubeObject, ObjectMeta } from '../kubernetes/kinds.js';
import { LABELS } from '../kubernetes/labels.js';
import { containerManifest } from './container-manifest.js';
import { imagePullSecrets, pullSecret } from './pull-secret.js';
import { isServed, podSelector, replicasOf, secretName, serviceLabels, type Workload } from './workload.js';

const GRACE_SECONDS = 30;
/** A worker has no probe: it counts as running once it has stayed up for so long. */
const WORKER_SETTLES_SECONDS = 3;
const KEPT_REPLICA_SETS = 2;
/** Kubernetes' own deadline only marks; ours ends the deployment. */
const PROGRESS_SECONDS = 3_600;
export const SERVICE_PORT = 80;

/** All objects of a service, in the order in which they are applied. Pure: the same workload gives the same objects. */
export function serviceManifests(workload: Workload): KubeObject[] {
  const { containerPort } = workload.release.spec;
  return [
    ...(Object.keys(workload.variables).length > 0 ? [secret(workload)] : []),
    ...(workload.pullRegistry === null ? [] : [pullSecret(workload, workload.pullRegistry)]),
    ...(containerPort === null ? [] : [service(workload, containerPort)]),
    ...(isServed(workload) ? [doorPolicy(workload, containerPort as number)] : []),
    deployment(workload),
    ...(replicasOf(workload) >= 2 ? [disruptionBudget(workload)] : []),
    ...(isServed(workload) ? [ingress(workload)] : []),
  ];
}

const metadata = (workload: Workload, name: string = workload.service.name): ObjectMeta => ({
  name,
  namespace: workload.environment.namespace,
  labels: serviceLabels(workload),
});

const secret = (workload: Workload): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: metadata(workload, secretName(workload)),
  type: 'Opaque',
  immutable: true,
  data: Object.fromEntries(Object.entries(workload.variables).map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
});

/** Port 80 for everyone who only knows the name, and the container's own. */
function service(workload: Workload, containerPort: number): KubeObject {
  const port = (name: string, number: number): object => ({ name, port: number, protocol: 'TCP', targetPort: containerPort });
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(workload),
    spec: {
      type: 'ClusterIP',
      selector: podSelector(workload),
      ports: [port('http', SERVICE_PORT), ...(containerPort === SERVICE_PORT ? [] : [port('app', containerPort)])],
    },
  };
}

/** Lets the cluster's ingress in, which lives in a namespace that is no tenant's, and only to this port. */
const doorPolicy = (workload: Workload, containerPort: number): KubeObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: metadata(workload),
  spec: {
    podSelector: { matchLabels: podSelector(workload) },
    policyTypes: ['Ingress'],
    ingress: [
      {
        from: [{ namespaceSelector: { matchExpressions: [{ key: LABELS.environment, operator: 'DoesNotExist' }] } }],
        ports: [{ protocol: 'TCP', port: containerPort }],
      },
    ],
  },
});

function deployment(workload: Workload): KubeObject {
  const worker = workload.release.spec.containerPort === null;
  const labels = { ...serviceLabels(workload), [LABELS.deployment]: workload.deploymentId };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...metadata(workload), labels },
    spec: {
      replicas: replicasOf(workload),
      revisionHistoryLimit: KEPT_REPLICA_SETS,
      progressDeadlineSeconds: PROGRESS_SECONDS,
      ...(worker ? { minReadySeconds: WORKER_SETTLES_SECONDS } : {}),
      selector: { matchLabels: podSelector(workload) },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: '25%' } },
      template: {
        metadata: { labels },
        spec: podSpec(workload),
      },
    },
  };
}

/** What each of its pods is made of. It says nothing of whose it is: equal ones run the same. */
export const podSpec = (workload: Workload): object => ({
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  terminationGracePeriodSeconds: GRACE_SECONDS,
  securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
  ...imagePullSecrets(workload),
  containers: [containerManifest(workload)],
});

const disruptionBudget = (workload: Workload): KubeObject => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: metadata(workload),
  spec: { maxUnavailable: 1, selector: { matchLabels: podSelector(workload) } },
});

const ingress = (workload: Workload): KubeObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: metadata(workload),
  spec: {
    ...(workload.ingressClass ? { ingressClassName: workload.ingressClass } : {}),
    rules: workload.hosts.map((host) => ({
      host,
      http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: workload.service.name, port: { name: 'http' } } } }] },
    })),
  },
});
