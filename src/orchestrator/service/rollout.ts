import { LABELS } from '../kubernetes/labels.js';
import type { DeploymentObject, PodObject } from './observed.js';
import { podsOf } from './observed.js';
import { findTrouble, type Trouble } from './trouble.js';

/** How far the pods of a deployment are. */
export interface Rollout {
  /** All replicas asked for are available, and no older one is left. */
  complete: boolean;
  ready: number;
  wanted: number;
  trouble: Trouble | null;
}

/** Reads it off the cluster's objects. Pure. */
export function assessRollout(deploymentId: string, wanted: number, image: string, deployment: DeploymentObject | undefined, pods: readonly PodObject[], now: number): Rollout {
  const own = podsOf(pods, deploymentId);
  const status = deployment?.status ?? {};
  const current =
    deployment?.spec.template.metadata.labels[LABELS.deployment] === deploymentId &&
    deployment.spec.replicas === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 1);
  const updated = current ? (status.updatedReplicas ?? 0) : 0;
  const available = current ? Math.min(status.availableReplicas ?? 0, updated) : 0;
  const complete = current && updated === wanted && available === wanted && (status.replicas ?? 0) === wanted;
  return { complete, ready: available, wanted, trouble: complete ? null : findTrouble(deployment, own, image, now) };
}

/** The sentence of a rollout that is on its way. */
export function progressSentence(rollout: Rollout): string {
  if (rollout.trouble) return rollout.trouble.message;
  return rollout.wanted === 0 ? 'Nothing is asked to run.' : `${rollout.ready} of ${rollout.wanted} replicas are ready.`;
}
