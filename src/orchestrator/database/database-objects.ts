import { applyIfDifferent } from '../kubernetes/applied.js';
import type { Kind, KubeObject } from '../kubernetes/kinds.js';
import type { KubeClient } from '../kubernetes/kube-client.js';
import { installationSelector, LABELS } from '../kubernetes/labels.js';
import type { PodObject } from '../service/observed.js';

/** In the order in which they are removed. A volume is removed only where that is said. */
const OWNED: readonly Kind[] = ['StatefulSet', 'Service', 'NetworkPolicy', 'Secret', 'PersistentVolumeClaim'];

/** A StatefulSet as it is read. */
export interface StatefulSetObject extends KubeObject {
  status?: { observedGeneration?: number; updateRevision?: string; currentRevision?: string };
}

/** A claim as it is read. */
export interface ClaimObject extends KubeObject {
  spec: { resources: { requests: { storage: string } } };
  status?: { phase?: string; capacity?: { storage?: string } };
}

export interface DatabaseObjects {
  owned: KubeObject[];
  pods: PodObject[];
}

/** All that the cluster has of one database. */
export async function readDatabaseObjects(client: KubeClient, installationId: string, databaseId: string, namespace: string | undefined, signal: AbortSignal): Promise<DatabaseObjects> {
  const selector = `${installationSelector(installationId)},${LABELS.database}=${databaseId}`;
  const [pods, ...lists] = await Promise.all([
    client.list<PodObject>('Pod', selector, namespace, signal),
    ...OWNED.map(async (kind) => (await client.list(kind, selector, namespace, signal)).items),
  ]);
  return { owned: lists.flat(), pods: pods.items };
}

const same = (a: KubeObject, b: KubeObject): boolean => a.kind === b.kind && a.metadata.name === b.metadata.name && a.metadata.namespace === b.metadata.namespace;

/** Applies what differs, and answers all of them as they then are. `beforeCreate` throws where this worker may make nothing any more. */
export async function applyDatabase(client: KubeClient, desired: readonly KubeObject[], live: DatabaseObjects, signal: AbortSignal, beforeCreate: () => Promise<void>): Promise<KubeObject[]> {
  const applied: KubeObject[] = [];
  for (const object of desired) {
    const { object: now } = await applyIfDifferent(client, object, live.owned.find((other) => same(other, object)), signal, beforeCreate);
    applied.push({ ...now, kind: object.kind });
  }
  return applied;
}

export const ofKind = <T extends KubeObject>(objects: readonly KubeObject[], kind: T['kind']): T | undefined => objects.find((object) => object.kind === kind) as T | undefined;

/** Removes a database's objects, its volume only `withVolume`. True while something of that is left, pods included. */
export async function removeDatabase(client: KubeClient, installationId: string, databaseId: string, withVolume: boolean, signal: AbortSignal): Promise<boolean> {
  const live = await readDatabaseObjects(client, installationId, databaseId, undefined, signal);
  const owned = live.owned.filter(({ kind }) => withVolume || kind !== 'PersistentVolumeClaim');
  for (const object of owned) if (!object.metadata.deletionTimestamp) await client.remove(object, signal);
  return owned.length + live.pods.length > 0;
}
