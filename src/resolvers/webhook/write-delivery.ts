import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../../entities/columns.js';
import { WebhookDelivery } from '../../entities/webhook-delivery.js';
import type { Done } from './event-effects.js';

/** GitHub itself forgets a delivery after as long. */
const KEPT = "interval '30 days'";
/** Deliveries. */
const FORGET_ONCE_IN = 100;

export type NewDelivery = Pick<WebhookDelivery, 'id' | 'receiver' | 'deliveryId' | 'verdict' | 'event' | 'action' | 'repository' | 'ref' | 'commit' | 'headers' | 'body' | 'outcome' | 'message' | 'replayOf'>;

/**
 * Writes the deliveries, but for those that are there already, and answers the ids of the written ones: one that is being
 * processed elsewhere is waited for. The bytes are bound and not written into the statement, where they would double.
 */
export async function insertDeliveries(tx: EntityManager, deliveries: readonly NewDelivery[]): Promise<Set<string>> {
  const made = await tx
    .getKysely<{ webhook_delivery: Record<string, unknown> & { id: string } }>()
    .insertInto('webhook_delivery')
    .values(deliveries.toSorted(inOneOrder).map((delivery) => ({
      id: delivery.id, receiver: delivery.receiver, delivery_id: delivery.deliveryId, verdict: delivery.verdict, event: delivery.event, action: delivery.action,
      repository: delivery.repository, ref: delivery.ref, commit_sha: delivery.commit, headers: JSON.stringify(delivery.headers), body: delivery.body,
      outcome: delivery.outcome, message: delivery.message, replay_of: delivery.replayOf, created_at: new Date(),
    })))
    .onConflict((conflict) => conflict.columns(['receiver', 'delivery_id']).doNothing())
    .returning('id')
    .execute();
  return new Set(made.map(({ id }) => id));
}

/** So that two servers which are given the same ones do not wait for each other. The sort is stable: of the same id, the first to come is written. */
const inOneOrder = (one: NewDelivery, other: NewDelivery): number => keyOf(one).localeCompare(keyOf(other));
const keyOf = ({ receiver, deliveryId }: NewDelivery): string => `${receiver} ${deliveryId}`;

/** Writes what each delivery did to each service, and its outcome. */
export async function writeEffects(tx: EntityManager, done: readonly (Done & { deliveryId: string })[]): Promise<void> {
  if (done.length === 0) return;
  const effects = done.flatMap(({ deliveryId, effects }) => effects.map((effect) => ({ id: newId(), deliveryId, ...effect })));
  const outcomes = done.map(({ deliveryId, outcome, message, effects }) => ({ deliveryId, outcome, message: effects.length === 0 ? message : null }));
  await tx.execute(
    `with written as (
       insert into webhook_effect (id, delivery_id, service_id, deployment_id, message)
       select (row->>'id')::uuid, (row->>'deliveryId')::uuid, (row->>'serviceId')::uuid, (row->>'deploymentId')::uuid, row->>'message' from jsonb_array_elements(?::jsonb) row
     )
     update webhook_delivery set outcome = row->>'outcome', message = row->>'message' from jsonb_array_elements(?::jsonb) row where id = (row->>'deliveryId')::uuid`,
    [JSON.stringify(effects), JSON.stringify(outcomes)],
  );
}

/** Now and then, so that deliveries do not pile up for ever. */
export async function forgetOldDeliveries(tx: EntityManager, deliveries: number): Promise<void> {
  if (Math.random() * FORGET_ONCE_IN >= deliveries) return;
  await tx.execute(`delete from webhook_delivery where id in (select id from webhook_delivery where created_at < now() - ${KEPT} limit 200 for update skip locked)`);
}
