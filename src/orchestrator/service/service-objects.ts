import type { Service } from '../../entities/service.js';
import { applyIfDifferent } from '../kubernetes/applied.js';
import type { Kind, KubeObject } from '../kubernetes/kinds.js';
import type { KubeClient } from '../kubernetes/kube-client.js';
import { installationSelector, LABELS } from '../kubernetes/labels.js';
import type { DeploymentObject, PodObject } from './observed.js';

/** Kinds that a service has objects of, in the order in which they are removed: first nobody comes in, then nothing runs. */
const OWNED: readonly Kind[] = ['Ingress', 'Deployment', 'Job', 'Service', 'NetworkPolicy', 'PodDisruptionBudget', 'Secret'];

export interface ServiceObjects {
  owned: KubeObject[];
  pods: PodObject[];
}

/** All that the cluster has of one service, in whatever namespace. */
export async function readObjects(client: KubeClient, installationId: string, serviceId: string, namespace: string | undefined, signal: AbortSignal): Promise<ServiceObjects> {
  const selector = `${installationSelector(installationId)},${LABELS.service}=${serviceId}`;
  const [pods, ...lists] = await Promise.all([
    client.list<PodObject>('Pod', selector, namespace, signal),
    ...OWNED.map(async (kind) => (await client.list(kind, selector, namespace, signal)).items),
  ]);
  return { owned: lists.flat(), pods: pods.items };
}

const same = (a: KubeObject, b: KubeObject): boolean => a.kind === b.kind && a.metadata.name === b.metadata.name && a.metadata.namespace === b.metadata.namespace;

/** Applies what differs and answers the Deployment as it then is. `beforeCreate` throws where this worker may make nothing any more. */
export async function applyObjects(client: KubeClient, desired: readonly KubeObject[], live: ServiceObjects, signal: AbortSignal, beforeCreate: () => Promise<void>): Promise<DeploymentObject | undefined> {
  let deployment: KubeObject | undefined;
  for (const object of desired) {
    const applied = await applyIfDifferent(client, object, live.owned.find((other) => same(other, object)), signal, beforeCreate);
    if (object.kind === 'Deployment') deployment = applied.object;
  }
  return deployment as DeploymentObject | undefined;
}

/** Removes what is not wanted. A Secret stays while a pod may still start with it, or while a deployment is on its way; that one's pre-deploy step stays too. */
export async function removeOthers(client: KubeClient, desired: readonly KubeObject[], live: ServiceObjects, onItsWay: string | null, signal: AbortSignal): Promise<void> {
  const inUse = new Set(live.pods.flatMap(secretsOf));
  for (const object of live.owned) {
    if (object.metadata.deletionTimestamp || desired.some((wanted) => same(wanted, object))) continue;
    if (object.kind === 'Secret' && (onItsWay !== null || inUse.has(object.metadata.name))) continue;
    if (object.kind === 'Job' && object.metadata.labels?.[LABELS.deployment] === onItsWay) continue;
    await client.remove(object, signal);
  }
}

interface PodSpec {
  containers: { envFrom?: { secretRef?: { name: string } }[] }[];
  imagePullSecrets?: { name: string }[];
}

const secretsOf = (pod: PodObject): string[] => {
  const { containers, imagePullSecrets = [] } = pod.spec as PodSpec;
  const variables = containers.flatMap(({ envFrom }) => envFrom ?? []).flatMap(({ secretRef }) => (secretRef ? [secretRef.name] : []));
  return [...variables, ...imagePullSecrets.map(({ name }) => name)];
};

/** Removes all of a service. True while something is left, pods included. */
export async function removeService(client: KubeClient, installationId: string, service: Pick<Service, 'id'>, signal: AbortSignal): Promise<boolean> {
  const live = await readObjects(client, installationId, service.id, undefined, signal);
  await removeOthers(client, [], { ...live, pods: [] }, null, signal);
  return live.owned.length + live.pods.length > 0;
}
