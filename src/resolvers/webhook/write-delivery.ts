import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../../entities/columns.js';
import { WebhookDelivery } from '../../entities/webhook-delivery.js';
import type { Done } from './event-effects.js';

/** GitHub itself forgets a delivery after as long. */
const KEPT = "interval '30 days'";
const FORGET_ONCE_IN = 100;

export type NewDelivery = Pick<WebhookDelivery, 'id' | 'receiver' | 'deliveryId' | 'verdict' | 'event' | 'action' | 'repository' | 'ref' | 'commit' | 'headers' | 'body' | 'outcome' | 'message' | 'replayOf'>;

/**
 * Writes the delivery, unless it is there already: one of the same id that is being processed elsewhere is waited for.
 * The bytes are bound and not written into the statement, where they would double.
 */
export async function insertDelivery(tx: EntityManager, delivery: NewDelivery): Promise<boolean> {
  const made = await tx
    .getKysely<{ webhook_delivery: Record<string, unknown> & { id: string } }>()
    .insertInto('webhook_delivery')
    .values({
      id: delivery.id, receiver: delivery.receiver, delivery_id: delivery.deliveryId, verdict: delivery.verdict, event: delivery.event, action: delivery.action,
      repository: delivery.repository, ref: delivery.ref, commit_sha: delivery.commit, headers: JSON.stringify(delivery.headers), body: delivery.body,
      outcome: delivery.outcome, message: delivery.message, replay_of: delivery.replayOf, created_at: new Date(),
    })
    .onConflict((conflict) => conflict.columns(['receiver', 'delivery_id']).doNothing())
    .returning('id')
    .executeTakeFirst();
  return made !== undefined;
}

/** Writes what the delivery did to each service, and its outcome. */
export async function writeEffects(tx: EntityManager, deliveryId: string, { outcome, effects, message }: Done): Promise<void> {
  const rows = JSON.stringify(effects.map((effect) => ({ id: newId(), ...effect })));
  await tx.execute(
    `with written as (
       insert into webhook_effect (id, delivery_id, service_id, deployment_id, message)
       select (row->>'id')::uuid, ?, (row->>'serviceId')::uuid, (row->>'deploymentId')::uuid, row->>'message' from jsonb_array_elements(?::jsonb) row
     )
     update webhook_delivery set outcome = ?, message = ? where id = ?`,
    [deliveryId, rows, outcome, effects.length === 0 ? message : null, deliveryId],
  );
}

/** Now and then, so that deliveries do not pile up for ever. */
export async function forgetOldDeliveries(tx: EntityManager): Promise<void> {
  if (Math.random() * FORGET_ONCE_IN >= 1) return;
  await tx.execute(`delete from webhook_delivery where id in (select id from webhook_delivery where created_at < now() - ${KEPT} limit 200 for update skip locked)`);
}
