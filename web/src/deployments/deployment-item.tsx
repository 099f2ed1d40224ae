import type { ReactNode } from 'react';
import type { DeploymentLineFragment } from '../../generated/operations.js';
import { Ago } from '../controls/ago.js';
import { BuildLog } from './build-log.js';
import { Status } from '../services/status.js';

const CAUSES: Record<DeploymentLineFragment['trigger'], string> = {
  API: 'deployed', AUTO: 'deployed by itself', PROMOTION: 'promoted', PULL_REQUEST: 'pull request', PUSH: 'push', REDEPLOY: 'redeployed', ROLLBACK: 'rolled back',
};
const STEP_NAMES: Record<DeploymentLineFragment['steps'][number]['name'], string> = { PREPARE: 'Prepare', BUILD: 'Build', PRE_DEPLOY: 'Step before the rollout', ROLL_OUT: 'Roll out' };

interface DeploymentItemProps {
  deployment: DeploymentLineFragment;
  /** It is what serves. */
  isCurrent: boolean;
  /** What can be done with it. */
  children: ReactNode;
}

/** One attempt: what, by whom, how far, and why not. */
export function DeploymentItem({ deployment, isCurrent, children }: DeploymentItemProps) {
  const { state, release, image, trigger, commit, createdBy, createdAt, steps, reason } = deployment;
  return (
    <li aria-label={`Deployment ${release === null ? 'without a release' : `of release ${release}`}`}>
      <div className="heading">
        <Status of={state} />
        {isCurrent && <span className="serves">serves now</span>}
        <span>{release === null ? 'no release yet' : `release ${release}`}</span>
        <span className="image">{image}{commit && ` at ${commit.slice(0, 7)}`}</span>
        <span className="hint">{CAUSES[trigger]}{createdBy && ` by ${createdBy.name}`} <Ago at={createdAt} /></span>
        <span className="actions">{children}</span>
      </div>
      {reason && <p className="reason">{reason.message}</p>}
      {reason?.lastLines && reason.lastLines.length > 0 && <pre className="last">{reason.lastLines.join('\n')}</pre>}
      {deployment.build && <BuildLog deploymentId={deployment.id} isRunning={deployment.build.state === 'RUNNING'} />}
      <ol className="steps">
        {steps.map((step) => (
          <li key={step.name} className={step.state.toLowerCase()}>
            <b>{STEP_NAMES[step.name]}</b>: {step.state.toLowerCase()}{step.startedAt && step.endedAt && `, ${seconds(step.startedAt, step.endedAt)} s`}{step.message && `, ${step.message}`}
          </li>
        ))}
      </ol>
    </li>
  );
}

const seconds = (from: string, to: string): number => Math.round((Date.parse(to) - Date.parse(from)) / 1000);
