import { createHash } from 'node:crypto';
import { DOCKER_HUB } from '../../outside/image-reference.js';
import type { KubeObject } from '../kubernetes/kinds.js';
import { serviceLabels, type Workload } from './workload.js';

const NAME_BYTES = 6;
/** Docker Hub's name in the configuration of Docker's clients, which the kubelet reads. */
const HUB_KEY = 'https://index.docker.io/v1/';
/** Which credential it holds: whoever was stopped with an older one in hand does not write it over a newer. */
const CREDENTIAL = 'apexpaas.com/registry-credential';

/** Named by the registry, so that a credential that changes replaces no pod: the kubelet reads it at each pull. */
const pullSecretName = ({ service }: Workload, registry: string): string =>
  `${service.name}-pull-${createHash('sha256').update(registry).digest('hex').slice(0, 2 * NAME_BYTES)}`;

/** What a pod says of it, where its image is pulled with a credential. */
export const imagePullSecrets = (workload: Workload): { imagePullSecrets?: { name: string }[] } =>
  workload.pullRegistry === null ? {} : { imagePullSecrets: [{ name: pullSecretName(workload, workload.pullRegistry) }] };

/** The credential as the kubelet takes it; an empty one where the team has taken it away, as the pods go on naming it. */
export function pullSecret(workload: Workload, registry: string): KubeObject {
  const { id = 'none', username, password } = workload.pullLogin ?? {};
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  const auths = workload.pullLogin ? { [registry === DOCKER_HUB ? HUB_KEY : registry]: { username, password, auth } } : {};
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: pullSecretName(workload, registry), namespace: workload.environment.namespace, labels: serviceLabels(workload), annotations: { [CREDENTIAL]: id } },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') },
  };
}
