import type { KubeObject } from '../kubernetes/kinds.js';
import { LABELS } from '../kubernetes/labels.js';

export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

/** A Deployment as it is read. */
export interface DeploymentObject extends KubeObject {
  spec: { replicas: number; template: { metadata: { labels: Record<string, string> } } };
  status?: { observedGeneration?: number; replicas?: number; updatedReplicas?: number; readyReplicas?: number; availableReplicas?: number; conditions?: Condition[] };
}

export interface Terminated {
  reason?: string;
  message?: string;
  exitCode: number;
  signal?: number;
  startedAt?: string;
  finishedAt?: string;
}

export interface ContainerStatus {
  name: string;
  ready: boolean;
  restartCount: number;
  imageID?: string;
  state?: { waiting?: { reason?: string; message?: string }; running?: { startedAt: string }; terminated?: Terminated };
  lastState?: { terminated?: Terminated };
}

/** A Pod as it is read. */
export interface PodObject extends KubeObject {
  status?: { phase?: string; startTime?: string; conditions?: Condition[]; containerStatuses?: ContainerStatus[] };
}

/** The pods of one deployment that are not on their way out. */
export const podsOf = (pods: readonly PodObject[], deploymentId: string): PodObject[] =>
  pods.filter((pod) => pod.metadata.labels?.[LABELS.deployment] === deploymentId && !pod.metadata.deletionTimestamp);

/** How many pods answer, of whichever deployment: what a user counts as ready. */
export const readyPods = (pods: readonly PodObject[]): number =>
  pods.filter((pod) => !pod.metadata.deletionTimestamp && pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')).length;

/** The digest that a container really runs, where its runtime says so. */
export function ranDigest(pods: readonly PodObject[]): string | null {
  for (const pod of pods) {
    const match = /sha256:[a-f0-9]{64}$/.exec(pod.status?.containerStatuses?.[0]?.imageID ?? '');
    if (match) return match[0];
  }
  return null;
}
