import { Arg, Ctx, ID, Int, Query, Resolver } from 'type-graphql';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { Page } from '../../schema/connection.js';
import { pageWish } from '../../schema/page.js';
import { WebhookDeliveryConnection } from '../../schema/webhook-delivery.connection.js';
import { readDeliveries, visibleTo, type DeliveryRow } from './delivery-rows.js';

@Resolver()
export class WebhookDeliveriesQuery {
  constructor(private readonly orchestrator: Orchestrator) {}

  @Query(() => WebhookDeliveryConnection, { description: 'Deliveries of webhooks that were about your services, newest first: of all your teams, or of one, or of one service. They are kept for 30 days.' })
  async webhookDeliveries(
    @Ctx() { em, actor }: RequestContext,
    @Arg('teamId', () => ID, { nullable: true }) teamId: string | null,
    @Arg('serviceId', () => ID, { nullable: true }) serviceId: string | null,
    @Arg('first', () => Int, { nullable: true }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
  ): Promise<Page<DeliveryRow>> {
    const page = pageWish(first, after);
    if (teamId != null) await requireAccess(em, actor, 'Query.webhookDeliveries', 'team', teamId);
    if (serviceId != null) await requireAccess(em, actor, 'Query.webhookDeliveries', 'service', serviceId);
    const wanted = [...(teamId != null ? [{ sql: 'service.team_id = ?', id: teamId }] : []), ...(serviceId != null ? [{ sql: 'service.id = ?', id: serviceId }] : [])];
    const visible = visibleTo(actor, wanted.length > 0 ? { sql: wanted.map(({ sql }) => sql).join(' and '), params: wanted.map(({ id }) => id) } : undefined);
    return new Page(await readDeliveries(em, actor, [visible], this.orchestrator, page), page);
  }
}
