import type { EntityManager } from '@mikro-orm/postgresql';
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { requireAccess, requireId } from '../../auth/tenant-scope.js';
import { validate as isUuid } from 'uuid';
import type { RequestContext } from '../../context.js';
import { newId } from '../../entities/columns.js';
import { WebhookDelivery, WebhookVerdict } from '../../entities/webhook-delivery.js';
import { ApexError, notFound } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { readDeliveries, visibleTo, type DeliveryRow } from './delivery-rows.js';
import type { EventEffects } from './event-effects.js';
import { GITEA } from './gitea.js';
import { GITHUB } from './github.js';
import { insertDeliveries, writeEffects } from './write-delivery.js';

const COORDINATE = 'Mutation.redeliverWebhook';

@Resolver()
export class RedeliverWebhookMutation {
  constructor(
    private readonly orchestrator: Orchestrator,
    private readonly effects: EventEffects,
  ) {}

  @Mutation(() => WebhookDelivery, { description: 'Replays what was delivered, as a delivery of its own, on your services as they are now. A newer push still wins. Needs a cluster.' })
  async redeliverWebhook(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<DeliveryRow> {
    needsCluster(context.actor, this.orchestrator);

    return inTransaction(context, async (tx) => {
      const first = await this.visible(tx, context, requireId(id));
      const stored = await tx.findOneOrFail(WebhookDelivery, { id }, { populate: ['body'] });
      const forge = GITEA.headers.event in stored.headers ? GITEA : GITHUB;
      const said = forge.read(stored.event, stored.body);
      const replay = newId();
      const { receiver, event, action, repository, ref, commit, headers, body } = stored;
      await insertDeliveries(tx, [{ id: replay, deliveryId: replay, verdict: WebhookVerdict.REPLAYED, receiver, event, action, repository, ref, commit, headers, body, outcome: said.outcome, message: said.message, replayOf: id }]);
      const may = (serviceId: string): Promise<boolean> => allowed(tx, context, serviceId);
      const [done] = await this.effects.of(tx, [{ event: said, context, only: isUuid(receiver) ? receiver : null, may }]);
      // Whoever saw the first delivery sees this one too.
      const told = first.effects.map(({ service }) => ({ serviceId: service.id, deploymentId: null, message: done?.message ?? said.message ?? 'The service does not follow this branch.' }));
      if (done) await writeEffects(tx, [{ ...done, deliveryId: replay, effects: done.effects.length > 0 ? done.effects : told }]);
      for (const teamId of new Set(first.effects.map(({ service }) => service.teamId))) {
        await recordAudit(tx, context, { action: 'redeliverWebhook', teamId, target: { kind: 'delivery', id, name: stored.deliveryId } });
      }
      const [delivery] = await readDeliveries(tx, context.actor, [{ sql: 'delivery.id = ?', params: [replay] }], this.orchestrator);
      return delivery!;
    });
  }

  /** Throws NOT_FOUND where the delivery was about nothing of the actor's, and FORBIDDEN where his role is too low for all of it. */
  private async visible(tx: EntityManager, { actor }: RequestContext, id: string): Promise<DeliveryRow> {
    const [delivery] = await readDeliveries(tx, actor, [{ sql: 'delivery.id = ?', params: [id] }, visibleTo(actor)], this.orchestrator);
    if (!delivery) throw notFound();
    let refused: unknown = null;
    for (const { service } of delivery.effects) {
      try {
        await requireAccess(tx, actor, COORDINATE, 'service', service.id);
        return delivery;
      } catch (error) {
        refused = error;
      }
    }
    if (refused) throw refused;
    return delivery;
  }
}

async function allowed(tx: EntityManager, { actor }: RequestContext, serviceId: string): Promise<boolean> {
  try {
    await requireAccess(tx, actor, COORDINATE, 'service', serviceId);
    return true;
  } catch (error) {
    if (error instanceof ApexError) return false;
    throw error;
  }
}
