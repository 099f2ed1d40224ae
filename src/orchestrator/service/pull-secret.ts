import { createHash } from 'node:crypto';
import { dockerConfig } from '../kubernetes/docker-config.js';
import type { KubeObject } from '../kubernetes/kinds.js';
import { CREDENTIAL } from '../kubernetes/labels.js';
import { serviceLabels, type Workload } from './workload.js';

const NAME_BYTES = 6;

/** Named by the registry, so that a credential that changes replaces no pod: the kubelet reads it at each pull. */
const pullSecretName = ({ service }: Workload, registry: string): string =>
  `${service.name}-pull-${createHash('sha256').update(registry).digest('hex').slice(0, 2 * NAME_BYTES)}`;

/** What a pod says of it, where its image is pulled with a credential. */
export const imagePullSecrets = (workload: Workload): { imagePullSecrets?: { name: string }[] } =>
  workload.pullRegistry === null ? {} : { imagePullSecrets: [{ name: pullSecretName(workload, workload.pullRegistry) }] };

/** The credential as the kubelet takes it; an empty one where the team has taken it away, as the pods go on naming it. */
export function pullSecret(workload: Workload, registry: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: pullSecretName(workload, registry), namespace: workload.environment.namespace, labels: serviceLabels(workload), annotations: { [CREDENTIAL]: workload.pullLogin?.id ?? 'none' } },
    ...dockerConfig(registry, workload.pullLogin),
  };
}
