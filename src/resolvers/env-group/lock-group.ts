import { LockMode, type EntityManager } from '@mikro-orm/postgresql';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { Actor } from '../../context.js';
import { EnvGroup } from '../../entities/env-group.js';
import { notFound } from '../../errors.js';

/**
 * The group, locked until the transaction ends, where the actor may do `coordinate` to it. Whoever needs a group and its
 * services takes the group first, so that no two wait for each other. Throws NOT_FOUND or FORBIDDEN.
 */
export async function lockGroup(tx: EntityManager, actor: Actor, coordinate: string, id: string): Promise<EnvGroup> {
  await requireAccess(tx, actor, coordinate, 'envGroup', id);
  const group = await tx.findOne(EnvGroup, { id, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (!group) throw notFound();
  return group;
}
