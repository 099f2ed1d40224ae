import type { DriverKind } from '../../entities/database-catalogue.js';
import type { KubeObject } from '../kubernetes/kinds.js';
import type { PodObject } from '../service/observed.js';
import { currentPod, growing } from './database-health.js';
import { databaseManifests } from './database-manifests.js';
import { ofKind, type ClaimObject, type StatefulSetObject } from './database-objects.js';
import type { DatabaseWorkload } from './database-workload.js';

/**
 * How databases of one kind live in a cluster: all that the rest of Apex asks of it. Its health, its backups, its
 * restores and its credentials need no more than a pod in which the engine answers. docs/databases.md says what another
 * kind, one for an operator, would take.
 */
export interface DatabaseDriver {
  /** What is applied, in this order. Pure; a `stopped` one runs nothing and keeps its content. */
  objects(workload: DatabaseWorkload): KubeObject[];
  /** The pod in which the engine takes writes and commands, where it runs what was applied last and is ready. */
  writer(owned: readonly KubeObject[], pods: readonly PodObject[]): PodObject | undefined;
  /** Whether it has to be stopped for its storage to become `wanted`, a quantity. */
  stopsToGrow(owned: readonly KubeObject[], wanted: string): boolean;
}

/** By Apex itself: a StatefulSet of one pod of the engine's image. */
const STATEFUL_SET: DatabaseDriver = {
  objects: databaseManifests,
  writer: (owned, pods) => currentPod(ofKind<StatefulSetObject>(owned, 'StatefulSet'), pods),
  stopsToGrow: (owned, wanted) => growing(ofKind<ClaimObject>(owned, 'PersistentVolumeClaim'), wanted),
};

export const DATABASE_DRIVERS: Readonly<Record<DriverKind, DatabaseDriver>> = { 'stateful-set': STATEFUL_SET };
