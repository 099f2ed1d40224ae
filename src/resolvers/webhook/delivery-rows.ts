import type { EntityManager } from '@mikro-orm/postgresql';
import { withinTeamsOf, type Condition } from '../../auth/tenant-scope.js';
import type { Actor } from '../../context.js';
import type { WebhookDelivery } from '../../entities/webhook-delivery.js';
import { WebhookOutcome } from '../../entities/webhook-outcome.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import type { PageWish } from '../../schema/page.js';
import { readDeployments } from '../deployment/deployment-rows.js';
import { readServices, type DeploymentRow, type ServiceRow } from '../service/service-rows.js';

export interface EffectRow {
  message: string | null;
  service: ServiceRow;
  deployment: DeploymentRow | null;
}

export type DeliveryRow = Pick<WebhookDelivery, 'id' | 'deliveryId' | 'verdict' | 'event' | 'action' | 'repository' | 'ref' | 'commit' | 'outcome' | 'message' | 'replayOf' | 'createdAt'> & {
  effects: EffectRow[];
};

const COLUMNS = `delivery.id, delivery.delivery_id as "deliveryId", delivery.verdict, delivery.event, delivery.action, delivery.repository, delivery.ref,
  delivery.commit_sha as "commit", delivery.outcome, delivery.message, delivery.replay_of as "replayOf", delivery.created_at as "createdAt"`;

const WHOLE: PageWish = { limit: null, after: null };

/** Deliveries that touched a service of the actor's teams; the installation's operator also sees those that touched none. */
export function visibleTo(actor: Actor, more: Condition = { sql: 'true', params: [] }): Condition {
  const within = withinTeamsOf(actor, 'service.team_id', 'service.id');
  const touched = `exists (select 1 from webhook_effect effect join service on service.id = effect.service_id
    where effect.delivery_id = delivery.id and service.deleted_at is null and ${within.sql} and ${more.sql})`;
  const isOperator = actor.kind === 'account' && actor.isOperator && !actor.teamId && !actor.serviceId && more.params.length === 0;
  const untouched = 'not exists (select 1 from webhook_effect effect where effect.delivery_id = delivery.id)';
  return { sql: isOperator ? `(${touched} or ${untouched})` : touched, params: [...within.params, ...more.params] };
}

/** Newest first; one more than the limit where there are more. Of what they did, only what the actor may see. */
export async function readDeliveries(em: EntityManager, actor: Actor, conditions: readonly Condition[], addresses: Pick<Orchestrator, 'urlOf'>, page: PageWish = WHOLE): Promise<DeliveryRow[]> {
  const all = [...conditions];
  if (page.after) all.push({ sql: '(delivery.created_at, delivery.id) < (?, ?)', params: [page.after.createdAt, page.after.id] });
  const limit = page.limit === null ? '' : ` limit ${page.limit + 1}`;
  const rows = await em.execute<(Omit<DeliveryRow, 'effects' | 'createdAt'> & { createdAt: string })[]>(
    `select ${COLUMNS} from webhook_delivery delivery where ${all.map(({ sql }) => sql).join(' and ')} order by delivery.created_at desc, delivery.id desc${limit}`,
    all.flatMap(({ params }) => params),
  );
  const effects = await readEffects(em, actor, rows.map(({ id }) => id), addresses);
  return rows.map((row) => {
    const own = effects.get(row.id) ?? [];
    // Whether others were deployed is not theirs to know.
    const outcome = row.outcome === WebhookOutcome.DEPLOYED && !own.some(({ deployment }) => deployment) ? WebhookOutcome.IGNORED : row.outcome;
    return { ...row, outcome, createdAt: new Date(row.createdAt), effects: own };
  });
}

async function readEffects(em: EntityManager, actor: Actor, deliveryIds: string[], addresses: Pick<Orchestrator, 'urlOf'>): Promise<Map<string, EffectRow[]>> {
  if (deliveryIds.length === 0) return new Map();
  const within = withinTeamsOf(actor, 'service.team_id', 'service.id');
  const rows = await em.execute<{ delivery_id: string; service_id: string; deployment_id: string | null; message: string | null }[]>(
    `select effect.delivery_id, effect.service_id, effect.deployment_id, effect.message from webhook_effect effect join service on service.id = effect.service_id
     where effect.delivery_id in (?) and service.deleted_at is null and ${within.sql} order by effect.service_id`,
    [deliveryIds, ...within.params],
  );
  const services = byId(await ofIds(rows.map(({ service_id }) => service_id), (ids) => readServices(em, [{ sql: "service.id = any(string_to_array(?, ',')::uuid[])", params: [ids.join(',')] }], WHOLE, addresses)));
  const deployments = byId(await ofIds(rows.flatMap(({ deployment_id }) => deployment_id ?? []), (ids) => readDeployments(em, [{ sql: 'deployment.id in (?)', params: [ids] }])));
  const effects = rows.flatMap(({ delivery_id, service_id, deployment_id, message }) => {
    const service = services.get(service_id);
    return service ? [{ delivery_id, effect: { message, service, deployment: (deployment_id && deployments.get(deployment_id)) || null } }] : [];
  });
  return new Map([...Map.groupBy(effects, ({ delivery_id }) => delivery_id)].map(([id, of]) => [id, of.map(({ effect }) => effect)]));
}

const ofIds = <T>(ids: string[], read: (ids: string[]) => Promise<T[]>): Promise<T[]> => (ids.length > 0 ? read([...new Set(ids)]) : Promise.resolve([]));
const byId = <T extends { id: string }>(rows: T[]): Map<string, T> => new Map(rows.map((row) => [row.id, row]));
