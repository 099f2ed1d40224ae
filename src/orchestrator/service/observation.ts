import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { requireFence, type Fence } from '../../entities/fence.js';
import { Service } from '../../entities/service.js';

/** What was seen of a service. */
export type Observation = Pick<Service, 'readyReplicas' | 'observedGeneration' | 'addressAnswers' | 'statusMessage'>;

/** The columns that differ from what the row says. */
export function changes(service: Observation, seen: Observation): Partial<Observation> {
  return Object.fromEntries(Object.entries(seen).filter(([column, value]) => service[column as keyof Observation] !== value));
}

/** Writes back what changed and nothing else; no statement where nothing did. */
export async function writeObservation(orm: MikroORM, service: Service, seen: Observation, fence: Fence): Promise<void> {
  const changed = changes(service, seen);
  if (Object.keys(changed).length === 0) return;
  await orm.em.fork().transactional(async (tx) => {
    await requireFence(tx, fence);
    await setColumns(tx, service.id, changed);
  });
}

/** Part of a larger transaction, whose fence was checked. */
export async function setColumns(tx: EntityManager, id: string, columns: Partial<Service>): Promise<void> {
  if (Object.keys(columns).length > 0) await tx.nativeUpdate(Service, { id }, columns);
}

/** Whoever writes a service and its deployment takes the service's row first, so that no two writers wait for each other. */
export async function lockService(tx: EntityManager, id: string): Promise<void> {
  await tx.execute('select 1 from service where id = ? for no key update', [id]);
}
