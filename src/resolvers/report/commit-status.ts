import { StepName } from '../../entities/deployment-event.js';
import { DeploymentState } from '../../entities/deployment-state.js';
import type { CommitStatus } from '../../outside/github-api.js';
import type { DeploymentFacts } from './report-facts.js';

const SHOWN = 140;

const STATES: Readonly<Record<DeploymentState, { state: CommitStatus['state']; words: string }>> = {
  [DeploymentState.QUEUED]: { state: 'pending', words: 'Waiting' },
  [DeploymentState.PREPARING]: { state: 'pending', words: 'Being prepared' },
  [DeploymentState.BUILDING]: { state: 'pending', words: 'Building' },
  [DeploymentState.PRE_DEPLOY]: { state: 'pending', words: 'Running the pre-deploy step' },
  [DeploymentState.ROLLING_OUT]: { state: 'pending', words: 'Rolling out' },
  [DeploymentState.LIVE]: { state: 'success', words: 'Live' },
  [DeploymentState.FAILED]: { state: 'failure', words: 'Failed' },
  [DeploymentState.CANCELED]: { state: 'error', words: 'Canceled' },
  [DeploymentState.SUPERSEDED]: { state: 'error', words: 'A newer deployment took its place' },
};

export const STEPS: Readonly<Record<StepName, string>> = {
  [StepName.PREPARE]: 'Preparing', [StepName.BUILD]: 'The build', [StepName.PRE_DEPLOY]: 'The pre-deploy step', [StepName.ROLL_OUT]: 'The rollout',
};

/** The status of a commit for one service of one environment. A failure names the step and why. */
export function commitStatus(facts: DeploymentFacts, urlOf: (host: string) => string): CommitStatus {
  const { state, words } = STATES[facts.state];
  const isFailure = facts.state === DeploymentState.FAILED;
  const description = isFailure ? `${facts.step ? `${STEPS[facts.step]} failed` : words}${facts.reason ? `: ${facts.reason}` : ''}` : words;
  return {
    repository: facts.repository, commit: facts.commit, state, context: `apex/${facts.environment}/${facts.service}`, description: cut(description.replaceAll(/\s+/g, ' ')), url: facts.host && urlOf(facts.host),
  };
}

const cut = (text: string): string => (text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}…` : text);
