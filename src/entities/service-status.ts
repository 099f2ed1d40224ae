import { registerEnumType } from 'type-graphql';
import { DeploymentState, isTerminal } from './deployment-state.js';

export enum ServiceStatus {
  PENDING = 'PENDING',
  DEPLOYING = 'DEPLOYING',
  RUNNING = 'RUNNING',
  DEGRADED = 'DEGRADED',
  FAILED = 'FAILED',
  PAUSED = 'PAUSED',
  DELETING = 'DELETING',
}
registerEnumType(ServiceStatus, { name: 'ServiceStatus' });

/** What the status is derived from: columns of the service and the state of its latest deployment. */
export interface ServiceFacts {
  deletedAt: Date | null;
  paused: boolean;
  replicas: number;
  readyReplicas: number;
  public: boolean;
  /** The reconciler saw the public address answer for what serves now. */
  addressAnswers: boolean;
  /** The intent's generation, and the one that the observed columns belong to. */
  generation: number;
  observedGeneration: number;
  currentDeploymentId: string | null;
  latestDeploymentState: DeploymentState | null;
}

/**
 * The status that a user sees. RUNNING: all replicas asked for are ready and, if public, the address answers;
 * also while a failed newer deployment left it as it was. FAILED: nothing serves.
 */
export function serviceStatus(facts: ServiceFacts): ServiceStatus {
  if (facts.deletedAt) return ServiceStatus.DELETING;
  if (facts.paused) return ServiceStatus.PAUSED;
  const latest = facts.latestDeploymentState;
  if (latest === null) return ServiceStatus.PENDING;
  if (latest === DeploymentState.QUEUED && facts.currentDeploymentId === null) return ServiceStatus.PENDING;
  if (!isTerminal(latest)) return ServiceStatus.DEPLOYING;
  if (facts.currentDeploymentId === null) return ServiceStatus.FAILED;
  const settled = facts.observedGeneration >= facts.generation;
  const allReady = facts.readyReplicas >= facts.replicas && (!facts.public || facts.replicas === 0 || facts.addressAnswers);
  if (allReady && settled) return ServiceStatus.RUNNING;
  if (!settled) return ServiceStatus.DEPLOYING;
  return facts.readyReplicas === 0 ? ServiceStatus.FAILED : ServiceStatus.DEGRADED;
}
