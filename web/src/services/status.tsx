import type { BackupState, DatabaseState, DeploymentState, ServiceStatus, WebhookOutcome } from '../../generated/operations.js';

type State = BackupState | ServiceStatus | DeploymentState | DatabaseState | WebhookOutcome;

const KIND: Record<State, 'good' | 'busy' | 'bad' | 'calm'> = {
  RUNNING: 'good', LIVE: 'good', PENDING: 'busy', DEPLOYING: 'busy', QUEUED: 'busy', PREPARING: 'busy', BUILDING: 'busy', PRE_DEPLOY: 'busy', ROLLING_OUT: 'busy',
  AVAILABLE: 'good', PROVISIONING: 'busy', UPDATING: 'busy', STORAGE_FULL: 'bad', DELETED: 'calm',
  DONE: 'good', DEPLOYED: 'good', AWAITING_APPROVAL: 'busy', IGNORED: 'calm', CLOSED: 'calm', PONG: 'calm',
  DEGRADED: 'bad', FAILED: 'bad', PAUSED: 'calm', DELETING: 'calm', CANCELED: 'calm', SUPERSEDED: 'calm',
};

/** A state in its colour; the word is what counts. */
export function Status({ of }: { of: State }) {
  return <span className={`status ${KIND[of]}`}>{of.replaceAll('_', ' ').toLowerCase()}</span>;
}
