import { registerEnumType } from 'type-graphql';

export enum WebhookOutcome {
  DEPLOYED = 'DEPLOYED',
  IGNORED = 'IGNORED',
  PONG = 'PONG',
  /** A pull request of a fork: a member has to approve it. */
  AWAITING_APPROVAL = 'AWAITING_APPROVAL',
  /** A preview was deleted. */
  CLOSED = 'CLOSED',
}
registerEnumType(WebhookOutcome, { name: 'WebhookOutcome' });
