import { Field, ID, ObjectType } from 'type-graphql';
import { WebhookOutcome } from '../entities/webhook-outcome.js';

@ObjectType({ simpleResolvers: true, description: 'What became of a delivery. The same delivery gets the same answer.' })
export class WebhookReceipt {
  @Field()
  deliveryId!: string;

  @Field(() => WebhookOutcome)
  outcome!: WebhookOutcome;

  @Field(() => [ID])
  deployments!: string[];
}
