import { StepName } from '../../entities/deployment-event.js';
import { DeploymentState } from '../../entities/deployment-state.js';
import type { CommitStatus } from '../../outside/github-api.js';
import type { DeploymentFacts } from './report-facts.js';

/** GitHub takes no more. */
const SHOWN = 140;
const SHOWN_OF_STEP = 60;

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

/** The status of a commit for one service of one environment. A failure names the step and why; one of a build also what it said last. */
export function commitStatus(facts: DeploymentFacts, lastLines: readonly string[], urlOf: (host: string) => string): CommitStatus {
  const { state } = STATES[facts.state];
  return { repository: facts.repository, commit: facts.commit, state, context: `apex/${facts.environment}/${facts.service}`, description: describe(facts, lastLines), url: facts.host && urlOf(facts.host) };
}

function describe({ state, step, reason, failingStep }: DeploymentFacts, lastLines: readonly string[]): string {
  if (state !== DeploymentState.FAILED) return STATES[state].words;
  const said = plain(lastLines.join(' / '));
  if (failingStep && said) {
    const beginning = `${cut(plain(failingStep), SHOWN_OF_STEP)} failed: `;
    const room = SHOWN - beginning.length;
    return `${beginning}${said.length > room ? `…${said.slice(1 - room)}` : said}`;
  }
  return cut(plain(`${step ? `${STEPS[step]} failed` : STATES[state].words}${reason ? `: ${reason}` : ''}`), SHOWN);
}

const plain = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();
const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
