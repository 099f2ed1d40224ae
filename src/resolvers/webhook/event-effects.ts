import type { EntityManager } from '@mikro-orm/postgresql';
import type { RequestContext } from '../../context.js';
import { WebhookOutcome } from '../../entities/webhook-outcome.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import type { PullRequestPreviews } from '../preview/pull-request-previews.js';
import { applyPushes, heldElsewhere, type Effect } from './apply-pushes.js';
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

/** What one delivery asks for. */
export interface AskedEvent extends Wish {
  event: ForgeEvent;
}

/** Does what deliveries ask for, in the caller's transaction. */
export class EventEffects {
  constructor(
    private readonly orchestrator: Orchestrator,
    private readonly previews: PullRequestPreviews,
    /** Of repositories of which nothing else is said. */
    private readonly hosts: readonly string[],
  ) {}

  /** For each, in their order; null where it asks for nothing at all. */
  async of(tx: EntityManager, asked: readonly AskedEvent[]): Promise<(Done | null)[]> {
    const pushes = await this.pushed(tx, asked);
    const done: (Done | null)[] = [];
    for (const one of asked) {
      const { push, pullRequest } = one.event;
      if (push) done.push(heard(one, pushes.get(one)!));
      else done.push(pullRequest ? heard(one, await this.previews.apply(tx, pullRequest, one)) : null);
    }
    return done;
  }

  /** Those that would have to wait for others; the services of the rest are locked from now on. */
  async waiting(tx: EntityManager, asked: readonly Pick<AskedEvent, 'event' | 'only'>[]): Promise<Set<number>> {
    const meant = asked.flatMap(({ event: { push }, only }, at) => (push && !whyNothing(push) ? [{ push, only, at }] : []));
    const held = await heldElsewhere(tx, meant, this.hosts);
    return new Set(meant.flatMap(({ at }, n) => (held.has(n) ? [at] : [])));
  }

  private async pushed(tx: EntityManager, asked: readonly AskedEvent[]): Promise<Map<AskedEvent, Done>> {
    const meant = asked.filter(({ event: { push } }) => push && !whyNothing(push));
    const effects = await applyPushes(tx, meant.map(({ event: { push }, ...wish }) => ({ ...wish, push: push! })), this.orchestrator, this.hosts);
    const effectsOf = new Map(meant.map((one, n) => [one, effects[n]!]));
    return new Map(asked.flatMap((one) => {
      const { push } = one.event;
      if (!push) return [];
      const own = effectsOf.get(one) ?? [];
      const outcome = own.some(({ deploymentId }) => deploymentId !== null) ? WebhookOutcome.DEPLOYED : WebhookOutcome.IGNORED;
      return [[one, { outcome, effects: own, message: whyNothing(push) ?? 'No service follows this branch.' }]];
    }));
  }
}

/** A service whose own webhook it is hears of everything, so that its team sees why nothing happened. */
function heard({ event: { push }, only }: AskedEvent, done: Done): Done {
  if (done.effects.length > 0 || !only) return done;
  const message = push && !whyNothing(push) ? `The service does not follow ${push.branch} of ${push.repository}.` : done.message;
  return { ...done, effects: [{ serviceId: only, deploymentId: null, message }] };
}
