import { LockMode, type EntityManager } from '@mikro-orm/postgresql';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { Actor } from '../../context.js';
import { Service } from '../../entities/service.js';
import { notFound } from '../../errors.js';

/** The service, locked until the transaction ends, where the actor may do `coordinate` to it. Throws NOT_FOUND or FORBIDDEN. */
export async function lockService(tx: EntityManager, actor: Actor, coordinate: string, id: string): Promise<Service> {
  await requireAccess(tx, actor, coordinate, 'service', id);
  const service = await tx.findOne(Service, { id, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (!service) throw notFound();
  return service;
}
