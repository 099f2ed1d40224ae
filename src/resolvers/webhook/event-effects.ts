import type { EntityManager } from '@mikro-orm/postgresql';
import type { RequestContext } from '../../context.js';
import { WebhookOutcome } from '../../entities/webhook-outcome.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import type { PullRequestPreviews } from '../preview/pull-request-previews.js';
import { applyPush, type Effect } from './apply-push.js';
import type { ForgeEvent } from './forge.js';
import { whyNothing } from './push.js';

/** What a delivery did, to which services, and its one outcome. */
export interface Done {
  outcome: WebhookOutcome;
  effects: Effect[];
  /** Why nothing was done, where that is about no single service. */
  message: string | null;
}

export interface Wish {
  context: RequestContext;
  /** Only this service, where the delivery speaks for no other. */
  only: string | null;
  /** Whether the delivery may do something to the service. */
  may?: (serviceId: string) => Promise<boolean>;
}

/** Does what a delivery asks for, in the caller's transaction. */
export class EventEffects {
  constructor(
    private readonly orchestrator: Orchestrator,
    private readonly previews: PullRequestPreviews,
  ) {}

  /** Null where it asks for nothing at all. */
  async of(tx: EntityManager, event: ForgeEvent, wish: Wish): Promise<Done | null> {
    const done = await this.done(tx, event, wish);
    if (!done || done.effects.length > 0 || !wish.only) return done;
    // A service whose own webhook it is hears of everything, so that its team sees why nothing happened.
    const message = event.push && !whyNothing(event.push) ? `The service does not follow ${event.push.branch} of ${event.push.repository}.` : done.message;
    return { ...done, effects: [{ serviceId: wish.only, deploymentId: null, message }] };
  }

  private async done(tx: EntityManager, { push, pullRequest }: ForgeEvent, { context, only, may }: Wish): Promise<Done | null> {
    if (push) {
      const nothing = whyNothing(push);
      const effects = nothing ? [] : await applyPush(tx, push, { context, orchestrator: this.orchestrator, only, ...(may && { may }) });
      const outcome = effects.some(({ deploymentId }) => deploymentId !== null) ? WebhookOutcome.DEPLOYED : WebhookOutcome.IGNORED;
      return { outcome, effects, message: nothing ?? 'No service follows this branch.' };
    }
    return pullRequest ? this.previews.apply(tx, pullRequest, { context, only, ...(may && { may }) }) : null;
  }
}
