import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { EntityManager } from '@mikro-orm/postgresql';

/** Removes the caches of services that are no more; each is a folder in `caches`, called by the service's id. */
export async function forgetCaches(em: EntityManager, caches: string): Promise<void> {
  let ids: string[];
  try {
    ids = readdirSync(caches);
  } catch {
    return;
  }
  const rows = await em.execute<{ id: string }[]>(`select id::text as id from service where id::text = any(string_to_array(?, ','))`, [ids.join(',')]);
  const known = new Set(rows.map(({ id }) => id));
  for (const id of ids) if (!known.has(id)) rmSync(join(caches, id), { recursive: true, force: true });
}
