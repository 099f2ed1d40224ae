import type { ContainerStatus, PodObject } from '../service/observed.js';
import { LABELS } from '../kubernetes/labels.js';

/** One container between two restarts. */
export interface ContainerRun {
  /** Short and unique among the sources of a service. */
  id: string;
  namespace: string;
  pod: string;
  container: string;
  restart: number;
  deploymentId: string | undefined;
}

/** The run that a container is in or that it ended with; null while it has not begun. */
export function runOf(pod: PodObject): ContainerRun | null {
  const status = pod.status?.containerStatuses?.[0];
  if (!status || !hasBegun(status)) return null;
  // A container that waits for its restart shows the log of the run before.
  return run(pod, status, status.restartCount);
}

/** The run before the last restart, of which the cluster still has the log. */
export function previousRunOf(pod: PodObject): ContainerRun | null {
  const status = pod.status?.containerStatuses?.[0];
  return status && status.restartCount > 0 ? run(pod, status, status.restartCount - 1) : null;
}

/** Whether the run writes on; one that does not ends its log. */
export const isRunning = (pod: PodObject): boolean => pod.status?.containerStatuses?.[0]?.state?.running !== undefined;

const hasBegun = ({ state, restartCount }: ContainerStatus): boolean => state?.running !== undefined || state?.terminated !== undefined || restartCount > 0;

function run(pod: PodObject, status: ContainerStatus, restart: number): ContainerRun {
  const { name, namespace = '', labels } = pod.metadata;
  return {
    id: `${name.split('-').slice(-2).join('-')}.${restart}`,
    namespace,
    pod: name,
    container: status.name,
    restart,
    deploymentId: labels?.[LABELS.deployment],
  };
}
