import { WebhookOutcome } from '../../entities/webhook-outcome.js';
import { checkedPayload, parsedPayload, type Forge, type ForgeEvent } from './forge.js';
import { ANY, PULL_REQUEST, PUSH, pullRequestOf, pushOf } from './payloads.js';
import type { PullRequestChange } from './pull-request.js';

const CHANGES: Readonly<Record<string, PullRequestChange>> = { opened: 'OPENED', reopened: 'OPENED', synchronized: 'PUSHED', closed: 'CLOSED' };

/** Gitea's deliveries (and Forgejo's). They resemble GitHub's: the signature has no prefix, and few words differ. */
export const GITEA: Forge = {
  name: 'Gitea',
  path: 'gitea',
  headers: { signature: 'x-gitea-signature', delivery: 'x-gitea-delivery', event: 'x-gitea-event' },
  signature: (header) => (header === undefined ? undefined : `sha256=${header}`),
  read: readGiteaEvent,
};

/** A branch that is deleted is an event of its own, `delete`, and does nothing. Gitea has no ping: its test is a push. */
function readGiteaEvent(event: string, body: Buffer): ForgeEvent {
  const payload = parsedPayload(body);
  const { action, repository } = ANY.safeParse(payload).data ?? {};
  const about = { action: action ?? null, repository: repository?.full_name ?? null, push: null, pullRequest: null, outcome: WebhookOutcome.IGNORED, message: null };
  if (event === 'push') return { ...about, push: pushOf(checkedPayload(PUSH, payload, 'Gitea')) };
  if (event !== 'pull_request') return { ...about, message: 'Events of this kind do nothing.' };
  const change = CHANGES[action ?? ''];
  if (!change) return { ...about, message: 'Only a pull request that is opened, pushed to or closed changes a preview.' };
  return { ...about, pullRequest: pullRequestOf(checkedPayload(PULL_REQUEST, payload, 'Gitea'), change) };
}
