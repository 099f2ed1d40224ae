import { WebhookOutcome } from '../../entities/webhook-outcome.js';
import { checkedPayload, parsedPayload, type Forge, type ForgeEvent } from './forge.js';
import { ANY, PULL_REQUEST, PUSH, pullRequestOf, pushOf } from './payloads.js';
import type { PullRequestChange } from './pull-request.js';

const CHANGES: Readonly<Record<string, PullRequestChange>> = { opened: 'OPENED', reopened: 'OPENED', synchronize: 'PUSHED', closed: 'CLOSED' };

/** GitHub's deliveries, those of Enterprise Server included. */
export const GITHUB: Forge = {
  name: 'GitHub',
  path: 'github',
  headers: { signature: 'x-hub-signature-256', delivery: 'x-github-delivery', event: 'x-github-event' },
  signature: (header) => header,
  read: readGithubEvent,
};

/** Of events that do nothing, whatever can be read. */
function readGithubEvent(event: string, body: Buffer): ForgeEvent {
  const payload = parsedPayload(body);
  const { action, repository } = ANY.safeParse(payload).data ?? {};
  const about = { action: action ?? null, repository: repository?.full_name ?? null, push: null, pullRequest: null, outcome: WebhookOutcome.IGNORED, message: null };
  if (event === 'push') return { ...about, push: pushOf(checkedPayload(PUSH, payload, 'GitHub')) };
  if (event === 'ping') return { ...about, outcome: WebhookOutcome.PONG };
  if (event !== 'pull_request') return { ...about, message: 'Events of this kind do nothing.' };
  const change = CHANGES[action ?? ''];
  if (!change) return { ...about, message: 'Only a pull request that is opened, pushed to or closed changes a preview.' };
  return { ...about, pullRequest: pullRequestOf(checkedPayload(PULL_REQUEST, payload, 'GitHub'), change) };
}
