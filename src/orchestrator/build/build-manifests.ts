import { environmentLabels, outwardRules } from '../environment/environment-manifests.js';
import { dockerConfig } from '../kubernetes/docker-config.js';
import type { KubeObject } from '../kubernetes/kinds.js';
import { CREDENTIAL, LABELS, MANAGER } from '../kubernetes/labels.js';
import type { BuilderTools } from './builder-tools.js';

export const BUILDER_CONTAINER = 'buildkitd';
export const BUILDKIT_SOCKET = 'unix:///run/buildkit/buildkitd.sock';
const ROOT = '/var/lib/buildkit';
const DISK = '20Gi';
const PULL_SECRET = 'builder-pull';
/** The pod ends by itself some time after the server should have ended it. */
const GRACE_SECONDS = 120;

export interface BuilderWish {
  installationId: string;
  /** One run of one build. */
  run: string;
  environment: { id: string; teamId: string; namespace: string };
  image: string;
  /** The image is pulled with the Secret of `buildNamespaceManifests`. */
  pull: boolean;
  limits: { cpu: string; memory: string };
  timeoutSeconds: number;
}

/** An installation's builds have a namespace of their own, apart from every tenant's. */
export const buildNamespace = (installationId: string): string => `apex-builds-${installationId.slice(-12)}`;

export const builderName = (run: string): string => `build-${run}`;

const ofInstallation = (installationId: string): Record<string, string> => ({ [LABELS.managedBy]: MANAGER, [LABELS.installation]: installationId });

/** The namespace and what holds its pods in: nobody gets in, and they reach DNS and the internet alone. In the order in which they are applied. */
export function buildNamespaceManifests(installationId: string, guardedAddresses: readonly string[], pull: BuilderTools['pull']): KubeObject[] {
  const namespace = buildNamespace(installationId);
  const metadata = { name: 'apex', namespace, labels: ofInstallation(installationId) };
  return [
    // What runs a Dockerfile's commands mounts file systems: that is refused below this level.
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { ...ofInstallation(installationId), 'pod-security.kubernetes.io/enforce': 'privileged' } } },
    { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [], egress: outwardRules(guardedAddresses) } },
    ...(pull ? [{ apiVersion: 'v1', kind: 'Secret' as const, metadata: { ...metadata, name: PULL_SECRET, annotations: { [CREDENTIAL]: pull.id } }, ...dockerConfig(pull.registry, pull) }] : []),
  ];
}

/** The Job that runs BuildKit for one build. Its pod knows no secret, no registry and no repository: all of it comes through the server's connection. */
export function builderManifest({ installationId, run, environment, image, pull, limits, timeoutSeconds }: BuilderWish): KubeObject {
  const { [LABELS.environment]: _environment, ...labels } = environmentLabels({ installationId, environment });
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: builderName(run), namespace: buildNamespace(installationId), labels },
    spec: {
      completions: 1,
      parallelism: 1,
      backoffLimit: 0,
      activeDeadlineSeconds: timeoutSeconds + GRACE_SECONDS,
      ttlSecondsAfterFinished: 30,
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'Never',
          ...(pull ? { imagePullSecrets: [{ name: PULL_SECRET }] } : {}),
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 0,
          containers: [
            {
              name: BUILDER_CONTAINER,
              image,
              args: ['--addr', BUILDKIT_SOCKET, '--root', ROOT, '--oci-worker=true', '--containerd-worker=false'],
              securityContext: { privileged: true },
              resources: { limits, requests: { cpu: '100m', memory: '128Mi' } },
              readinessProbe: { exec: { command: ['buildctl', '--addr', BUILDKIT_SOCKET, 'debug', 'workers'] }, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 120 },
              volumeMounts: [{ name: 'root', mountPath: ROOT }],
            },
          ],
          volumes: [{ name: 'root', emptyDir: { sizeLimit: DISK } }],
        },
      },
    },
  };
}
