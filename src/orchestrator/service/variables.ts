import { createHash } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Variable, VariableScope } from '../../entities/variable.js';
import type { Vault } from '../../vault/vault.js';

export interface OpenedVariables {
  values: Record<string, string>;
  /** Of the revisions, which never change: equal hashes mean equal values, and no value can be guessed from it. */
  hash: string;
}

/** Opens the variables that a release pinned. */
export async function openVariables(em: EntityManager, vault: Pick<Vault, 'open'>, teamId: string, ids: readonly string[]): Promise<OpenedVariables> {
  const rows = ids.length > 0 ? await em.find(Variable, { id: { $in: [...ids] }, scope: VariableScope.RUN }, { orderBy: { key: 'asc' } }) : [];
  const values: Record<string, string> = {};
  for (const row of rows) values[row.key] = await vault.open(em, teamId, row.id, row.sealedValue);
  const hash = createHash('sha256').update(rows.map(({ id, key }) => `${key}=${id}`).join('\n')).digest('hex').slice(0, 12);
  return { values, hash };
}
