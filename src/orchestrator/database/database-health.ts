import type { ManagedDatabase } from '../../entities/managed-database.js';
import { DatabaseState } from '../../entities/database-state.js';
import { quantity } from '../kubernetes/quantity.js';
import { findTrouble } from '../service/trouble.js';
import type { PodObject } from '../service/observed.js';
import type { ClaimObject, StatefulSetObject } from './database-objects.js';
import type { Space } from './engine-commands.js';

/** An engine needs some room to work in; less than this counts as full. */
const FULL_SHARE = 0.03;
const FULL_BYTES = 24 * 2 ** 20;
/** A new database that does not answer by then is told as failed; it is still waited for. */
const PATIENCE_MS = 300_000;

/** What is seen of a database. */
export interface Health {
  status: DatabaseState;
  message: string | null;
}

/** The pod that runs what was applied last, where it is ready. */
export function currentPod(set: StatefulSetObject | undefined, pods: readonly PodObject[]): PodObject | undefined {
  const { observedGeneration = 0, updateRevision } = set?.status ?? {};
  if (!set || observedGeneration < (set.metadata.generation ?? 1)) return undefined;
  return pods.find(
    (pod) =>
      !pod.metadata.deletionTimestamp &&
      pod.metadata.labels?.['controller-revision-hash'] === updateRevision &&
      pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
  );
}

/** The claim asks for more than its volume has: the pod has to stop for it to grow. */
export function growing(claim: ClaimObject | undefined, wanted: string): boolean {
  const has = claim?.status?.capacity?.storage;
  return has !== undefined && (quantity(wanted) ?? 0) > (quantity(has) ?? 0);
}

/** While no pod is ready: why. */
export function healthOfUnready(database: ManagedDatabase, pods: readonly PodObject[], image: string, now: number): Health {
  if (pods.some(endedForSpace)) return full(database);
  const trouble = findTrouble(undefined, pods, image, now);
  const late = now - database.createdAt.getTime() > PATIENCE_MS;
  if (database.status === DatabaseState.PROVISIONING) {
    if (trouble?.final || late) return { status: DatabaseState.FAILED, message: trouble?.message ?? 'The database has not become ready in 5 minutes.' };
    return { status: DatabaseState.PROVISIONING, message: trouble?.message ?? null };
  }
  if (trouble?.final || (database.status === DatabaseState.FAILED && trouble)) return { status: DatabaseState.FAILED, message: trouble.message };
  if (database.status === DatabaseState.STORAGE_FULL) return full(database);
  if (database.status === DatabaseState.FAILED) return { status: DatabaseState.FAILED, message: database.statusMessage };
  return { status: DatabaseState.UPDATING, message: trouble?.message ?? 'The database is starting.' };
}

/** While its pod is ready: `space` is null where the engine does not answer with the credentials. */
export function healthOfReady(database: ManagedDatabase, space: Space | null, now: number): Health {
  if (space && space.freeBytes < Math.min(FULL_BYTES, space.totalBytes / 4) + space.totalBytes * FULL_SHARE) return full(database);
  if (space) return { status: DatabaseState.AVAILABLE, message: null };
  // Without room an engine may end and recover again and again.
  if (database.status === DatabaseState.STORAGE_FULL) return full(database);
  if (database.status !== DatabaseState.PROVISIONING) return { status: DatabaseState.UPDATING, message: 'The database does not answer with its credentials yet.' };
  const late = now - database.createdAt.getTime() > PATIENCE_MS;
  return late ? { status: DatabaseState.FAILED, message: 'The database runs, but it does not accept its credentials.' } : { status: DatabaseState.PROVISIONING, message: null };
}

const full = (database: ManagedDatabase): Health => ({
  status: DatabaseState.STORAGE_FULL,
  message: `Its storage of ${database.storage} is full: it may refuse to write. Resize it to a larger storage, or delete data.`,
});

/** How engines say that there is no room; MariaDB and MySQL by the number of the error. */
const NO_SPACE = /no space left on device|disk is full|disk full|out of disk space|\b(error|errno:?|errcode:?) 28\b/i;

/** The last words of a container that ended. */
function endedForSpace(pod: PodObject): boolean {
  const [status] = pod.status?.containerStatuses ?? [];
  const ended = status?.ready ? undefined : (status?.state?.terminated ?? status?.lastState?.terminated);
  return NO_SPACE.test(ended?.message ?? '');
}
