import { DATABASE_ENGINES } from '../../entities/database-catalogue.js';
import type { KubeObject, ObjectMeta } from '../kubernetes/kinds.js';
import { formatCpu, formatMemory, quantity } from '../kubernetes/quantity.js';
import { CONTAINER, databaseLabels, engineOf, innerName, podSelector, VOLUME, type DatabaseWorkload } from './database-workload.js';

/** A clean end writes everything down; cut off, the engine has to recover at its next start. */
const GRACE_SECONDS = 60;
const STARTUP_SECONDS = 600;
const PASSWORD_KEY = 'password';
const CPU_SHARE = 0.1;
const MEMORY_SHARE = 0.25;

/**
 * Whoever starts on a volume holds a lock in it until its last process has ended, also where two pods were started by
 * force: the engines' own locks name a process, and every container has a process 1.
 */
const ALONE = `exec 9>>"$0/.apex-lock"
flock -w 300 9 || { echo "The volume's lock was not got: another pod holds it, or the image lacks flock." >&2; exit 1; }
exec docker-entrypoint.sh "$@"`;

/** All objects of a database, in the order in which they are applied. Pure. */
export function databaseManifests(workload: DatabaseWorkload): KubeObject[] {
  return [secret(workload), claim(workload), service(workload, workload.database.name, false), service(workload, innerName(workload.database), true), policy(workload), statefulSet(workload)];
}

const metadata = (workload: DatabaseWorkload, name: string): ObjectMeta => ({ name, namespace: workload.environment.namespace, labels: databaseLabels(workload) });

const secret = (workload: DatabaseWorkload): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: metadata(workload, innerName(workload.database)),
  type: 'Opaque',
  data: { [PASSWORD_KEY]: Buffer.from(workload.password).toString('base64') },
});

const claim = (workload: DatabaseWorkload): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: metadata(workload, innerName(workload.database)),
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: workload.database.storage } } },
});

/** By its name for its clients, while it answers; and headless for the StatefulSet. */
const service = (workload: DatabaseWorkload, name: string, headless: boolean): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: metadata(workload, name),
  spec: {
    type: 'ClusterIP',
    ...(headless ? { clusterIP: 'None', publishNotReadyAddresses: true } : {}),
    selector: podSelector(workload),
    ports: [{ name: 'database', port: engineOf(workload).port, protocol: 'TCP', targetPort: engineOf(workload).port }],
  },
});

/** From its own environment, and only to its port. */
const policy = (workload: DatabaseWorkload): KubeObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: metadata(workload, innerName(workload.database)),
  spec: {
    podSelector: { matchLabels: podSelector(workload) },
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ podSelector: {} }], ports: [{ protocol: 'TCP', port: engineOf(workload).port }] }],
  },
});

const statefulSet = (workload: DatabaseWorkload): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: metadata(workload, workload.database.name),
  spec: {
    replicas: workload.stopped ? 0 : 1,
    serviceName: innerName(workload.database),
    // In order, a pod that never becomes ready would be in the way of the change that repairs it.
    podManagementPolicy: 'Parallel',
    updateStrategy: { type: 'RollingUpdate' },
    revisionHistoryLimit: 2,
    selector: { matchLabels: podSelector(workload) },
    template: {
      metadata: { labels: databaseLabels(workload) },
      spec: {
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        terminationGracePeriodSeconds: GRACE_SECONDS,
        securityContext: securityOf(workload),
        containers: [container(workload)],
        volumes: [{ name: VOLUME, persistentVolumeClaim: { claimName: innerName(workload.database) } }],
      },
    },
  },
});

function securityOf(workload: DatabaseWorkload): Record<string, unknown> {
  const { uid } = engineOf(workload);
  return { runAsNonRoot: true, runAsUser: uid, runAsGroup: uid, fsGroup: uid, fsGroupChangePolicy: 'OnRootMismatch', seccompProfile: { type: 'RuntimeDefault' } };
}

function container(workload: DatabaseWorkload): Record<string, unknown> {
  const engine = engineOf(workload);
  const shell = (script: string): object => ({ exec: { command: ['sh', '-c', script] } });
  const secretKeyRef = { name: innerName(workload.database), key: PASSWORD_KEY };
  return {
    name: CONTAINER,
    image: DATABASE_ENGINES[workload.database.type].versions[workload.database.version],
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-c', ALONE, engine.mount],
    args: [...engine.args, ...engine.memoryArgs(memoryOf(workload))],
    env: [
      { name: 'POD_IP', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIP' } } },
      ...Object.entries(engine.environment).map(([name, value]) => (typeof value === 'string' ? { name, value } : { name, valueFrom: { secretKeyRef } })),
    ],
    ports: [{ name: 'database', containerPort: engine.port, protocol: 'TCP' }],
    volumeMounts: [{ name: VOLUME, mountPath: engine.mount }],
    resources: resources(workload),
    // What a crash wrote last tells whether its disk was full.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    startupProbe: { ...shell(engine.listens), periodSeconds: 1, timeoutSeconds: 5, failureThreshold: STARTUP_SECONDS },
    readinessProbe: { ...shell(engine.listens), periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 3 },
    livenessProbe: { tcpSocket: { port: engine.port }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
    ...(engine.stop ? { lifecycle: { preStop: shell(engine.stop) } } : {}),
  };
}

const memoryOf = ({ database }: Pick<DatabaseWorkload, 'database'>): number => quantity(database.resources.memory) ?? 512 * 2 ** 20;

function resources({ database }: DatabaseWorkload): Record<string, unknown> {
  const cpu = quantity(database.resources.cpu) ?? 0.5;
  const memory = memoryOf({ database });
  return {
    limits: { cpu: formatCpu(cpu), memory: formatMemory(memory) },
    requests: { cpu: formatCpu(cpu * CPU_SHARE), memory: formatMemory(memory * MEMORY_SHARE) },
  };
}
