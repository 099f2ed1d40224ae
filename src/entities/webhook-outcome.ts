import { registerEnumType } from 'type-graphql';

export enum WebhookOutcome {
  DEPLOYED = 'DEPLOYED',
  IGNORED = 'IGNORED',
  PONG = 'PONG',
}
registerEnumType(WebhookOutcome, { name: 'WebhookOutcome' });
