import { createHash } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { EnvGroupVariable } from '../../entities/env-group-variable.js';
import { Variable, VariableScope } from '../../entities/variable.js';
import type { Vault } from '../../vault/vault.js';

export interface OpenedVariables {
  values: Record<string, string>;
  /** Of the revisions, which never change: equal hashes mean equal values, and no value can be guessed from it. */
  hash: string;
}

/** Opens the variables that a release pinned: its service's own, and those of groups. */
export async function openVariables(em: EntityManager, vault: Pick<Vault, 'open'>, teamId: string, ids: readonly string[]): Promise<OpenedVariables> {
  const rows = ids.length > 0 ? await pinned(em, [...ids]) : [];
  const values: Record<string, string> = {};
  for (const row of rows) values[row.key] = await vault.open(em, teamId, row.id, row.sealedValue);
  const hash = createHash('sha256').update(rows.map(({ id, key }) => `${key}=${id}`).join('\n')).digest('hex').slice(0, 12);
  return { values, hash };
}

async function pinned(em: EntityManager, ids: string[]): Promise<Pick<Variable, 'id' | 'key' | 'sealedValue'>[]> {
  const own = await em.find(Variable, { id: { $in: ids }, scope: VariableScope.RUN });
  const ofGroups = await em.find(EnvGroupVariable, { id: { $in: ids } });
  return [...own, ...ofGroups].sort((one, other) => (one.key < other.key ? -1 : 1));
}
