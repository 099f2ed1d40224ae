import { createHash } from 'node:crypto';
import type { KubeClient } from './kube-client.js';
import type { KubeObject } from './kinds.js';
import { isConflict } from './kube-error.js';
import { APPLIED_HASH } from './labels.js';
import { quantity } from './quantity.js';

const MOST_TRIES = 5;

/**
 * Applies what differs and nothing else. `live` is the object as it was just read: when its hash says that the same was
 * applied, and all that we ask for still stands in it, no request is sent. `beforeCreate` refuses what may no longer be made:
 * a write over an object holds only for that object as it was read, and a creation has nothing to hold to.
 */
export async function applyIfDifferent(client: KubeClient, desired: KubeObject, live: KubeObject | undefined, signal?: AbortSignal, beforeCreate?: () => Promise<void>): Promise<{ object: KubeObject; written: boolean }> {
  const marked = withHash(desired);
  if (live && !live.metadata.deletionTimestamp && covers(live, marked)) return { object: live, written: false };
  if (!live || live.metadata.deletionTimestamp) await beforeCreate?.();
  return { object: await applyOver(client, marked, live, signal), written: true };
}

/**
 * The write holds only for the object as it was read: who was stopped in between and comes back cannot overwrite what another
 * has written since. Changes of its status alone do not count.
 */
async function applyOver(client: KubeClient, marked: KubeObject, live: KubeObject | undefined, signal?: AbortSignal): Promise<KubeObject> {
  let seen = live;
  for (let tries = 0; ; tries += 1) {
    const resourceVersion = seen?.metadata.deletionTimestamp ? undefined : seen?.metadata.resourceVersion;
    try {
      return await client.apply(resourceVersion ? { ...marked, metadata: { ...marked.metadata, resourceVersion } } : marked, signal);
    } catch (error) {
      if (!isConflict(error) || !resourceVersion || tries >= MOST_TRIES) throw error;
      const now = await client.get<KubeObject>(marked.kind, marked.metadata.name, marked.metadata.namespace, signal);
      if (now.metadata.uid !== seen?.metadata.uid || now.metadata.annotations?.[APPLIED_HASH] !== seen?.metadata.annotations?.[APPLIED_HASH]) throw error;
      seen = now;
    }
  }
}

/** The object with the hash of itself among its annotations. A Secret's values stay out of it: its name tells them apart. */
export function withHash(object: KubeObject): KubeObject {
  const hashed = object.kind === 'Secret' ? { ...object, data: Object.keys((object.data as object | undefined) ?? {}).sort() } : object;
  const hash = createHash('sha256').update(stableJson(hashed)).digest('hex').slice(0, 32);
  return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [APPLIED_HASH]: hash } } };
}

/**
 * Everything of `wanted` stands in `live`. The server adds defaults and writes quantities its own way, so more may stand
 * there; and fields which another manager added are none of ours.
 */
export function covers(live: unknown, wanted: unknown): boolean {
  if (Object.is(live, wanted)) return true;
  if (wanted === undefined || (live === undefined && isEmpty(wanted))) return true;
  if (Array.isArray(wanted)) return Array.isArray(live) && coversList(live, wanted);
  if (isRecord(wanted)) return isRecord(live) && Object.entries(wanted).every(([key, value]) => covers(live[key], value));
  if (typeof live === 'string' && typeof wanted === 'string') {
    const left = quantity(live);
    return left !== undefined && left === quantity(wanted);
  }
  return false;
}

function coversList(live: readonly unknown[], wanted: readonly unknown[]): boolean {
  const named = wanted.every((item) => isRecord(item) && typeof item.name === 'string');
  if (!named) return live.length === wanted.length && wanted.every((item, index) => covers(live[index], item));
  return wanted.every((item) => covers(live.find((other) => isRecord(other) && other.name === (item as { name: string }).name), item));
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isEmpty = (value: unknown): boolean => (Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.keys(value).length === 0);

/** JSON with sorted keys: equal objects give equal text. */
export function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isRecord(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}
