import type { Actor } from '../context.js';
import { requireCluster, type Orchestrator } from '../orchestrator/port.js';

/** Call it before anything is written. Throws CLUSTER_REQUIRED while no cluster is ready; the system only queues, and waits. */
export function needsCluster(actor: Actor, orchestrator: Orchestrator): void {
  if (actor.kind !== 'system') requireCluster(orchestrator.cluster());
}
