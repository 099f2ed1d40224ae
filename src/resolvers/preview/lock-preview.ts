import { LockMode, type EntityManager } from '@mikro-orm/postgresql';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { Actor } from '../../context.js';
import { Preview } from '../../entities/preview.js';
import { notFound } from '../../errors.js';

/** The preview, locked until the transaction ends, where the actor may do `coordinate` to it. Throws NOT_FOUND or FORBIDDEN. */
export async function lockPreview(tx: EntityManager, actor: Actor, coordinate: string, id: string): Promise<Preview> {
  await requireAccess(tx, actor, coordinate, 'preview', id);
  const preview = await tx.findOne(Preview, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (!preview) throw notFound();
  return preview;
}
