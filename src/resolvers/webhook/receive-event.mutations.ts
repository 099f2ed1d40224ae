import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { ForgeEventInput } from '../../schema/forge-event.input.js';
import { WebhookReceipt } from '../../schema/webhook-receipt.payload.js';
import { GITEA } from './gitea.js';
import { GITHUB } from './github.js';
import type { DeliveryReceiver } from './delivery-receiver.js';

/** The secrets of the installation's own webhooks; one that is unset believes nothing. */
export interface ServerSecrets {
  github: string | undefined;
  gitea: string | undefined;
}

@Resolver()
export class ReceiveEventMutations {
  constructor(
    private readonly receiver: DeliveryReceiver,
    private readonly secrets: ServerSecrets,
  ) {}

  @Mutation(() => WebhookReceipt, { description: "A delivery of GitHub's webhook. Only the server's own door may call it: clients post to /api/webhooks/github." })
  async receiveGithubEvent(@Ctx() context: RequestContext, @Arg('input', () => ForgeEventInput) input: ForgeEventInput): Promise<WebhookReceipt> {
    return this.receiver.receive(context, input, GITHUB, this.secrets.github);
  }

  @Mutation(() => WebhookReceipt, { description: "A delivery of Gitea's webhook. Only the server's own door may call it: clients post to /api/webhooks/gitea." })
  async receiveGiteaEvent(@Ctx() context: RequestContext, @Arg('input', () => ForgeEventInput) input: ForgeEventInput): Promise<WebhookReceipt> {
    return this.receiver.receive(context, input, GITEA, this.secrets.gitea);
  }
}
