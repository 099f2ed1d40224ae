import type { DeploymentState, ServiceStatus } from '../../generated/operations.js';

type State = ServiceStatus | DeploymentState;

const KIND: Record<State, 'good' | 'busy' | 'bad' | 'calm'> = {
  RUNNING: 'good', LIVE: 'good', PENDING: 'busy', DEPLOYING: 'busy', QUEUED: 'busy', PREPARING: 'busy', BUILDING: 'busy', PRE_DEPLOY: 'busy', ROLLING_OUT: 'busy',
  DEGRADED: 'bad', FAILED: 'bad', PAUSED: 'calm', DELETING: 'calm', CANCELED: 'calm', SUPERSEDED: 'calm',
};

/** A state in its colour; the word is what counts. */
export function Status({ of }: { of: State }) {
  return <span className={`status ${KIND[of]}`}>{of.replaceAll('_', ' ').toLowerCase()}</span>;
}
