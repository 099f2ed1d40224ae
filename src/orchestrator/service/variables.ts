import { createHash } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { connectionUrl } from '../../entities/database-catalogue.js';
import { DatabaseState } from '../../entities/database-state.js';
import { EnvGroupVariable } from '../../entities/env-group-variable.js';
import { ManagedDatabase } from '../../entities/managed-database.js';
import { Variable, VariableKind, VariableScope } from '../../entities/variable.js';
import type { Vault } from '../../vault/vault.js';

export interface OpenedVariables {
  values: Record<string, string>;
  /** Of the revisions, which never change, and of the credentials' that are referred to: equal hashes mean equal values, and no value can be guessed from it. */
  hash: string;
}

/** Opens the variables that a release pinned: its service's own, and those of groups. */
export async function openVariables(em: EntityManager, vault: Pick<Vault, 'open'>, teamId: string, ids: readonly string[]): Promise<OpenedVariables> {
  const rows = ids.length > 0 ? await pinned(em, [...ids]) : [];
  const values: Record<string, string> = {};
  const revisions: string[] = [];
  for (const row of rows) {
    const isReference = row instanceof Variable && row.kind === VariableKind.REFERENCE;
    const reference = isReference ? await resolve(em, vault, row) : null;
    if (reference) values[row.key] = reference.value;
    else if (!isReference) values[row.key] = await vault.open(em, teamId, row.id, row.sealedValue);
    revisions.push(`${row.key}=${row.id}${reference ? `@${reference.revision}` : ''}`);
  }
  return { values, hash: createHash('sha256').update(revisions.join('\n')).digest('hex').slice(0, 12) };
}

/** The address of a database as it is now. Null where that is gone for good. */
async function resolve(em: EntityManager, vault: Pick<Vault, 'open'>, { databaseId }: Variable): Promise<{ value: string; revision: number } | null> {
  const database = databaseId ? await em.findOne(ManagedDatabase, { id: databaseId }) : null;
  if (!database) return null;
  const password = await vault.open(em, database.teamId, database.id, database.sealedPassword);
  return { value: connectionUrl(database.type, database.name, password), revision: database.credentialsRevision };
}

/** What keeps the variables from being resolved, as a sentence; null where nothing does. */
export async function unresolved(em: EntityManager, ids: readonly string[]): Promise<string | null> {
  const references = ids.length > 0 ? await em.find(Variable, { id: { $in: [...ids] }, kind: VariableKind.REFERENCE }, { orderBy: { key: 'asc' } }) : [];
  for (const { key, databaseId } of references) {
    const database = databaseId ? await em.findOne(ManagedDatabase, { id: databaseId }) : null;
    if (!database) return `The database that ${key} refers to is gone. Link another one, or take the variable away.`;
    if (database.sealedNextPassword) return `Waiting for the new credentials of the database "${database.name}".`;
    if (![DatabaseState.AVAILABLE, DatabaseState.STORAGE_FULL].includes(database.status)) return `Waiting for the database "${database.name}", which is ${database.status}.`;
  }
  return null;
}

async function pinned(em: EntityManager, ids: string[]): Promise<(Variable | EnvGroupVariable)[]> {
  const own = await em.find(Variable, { id: { $in: ids }, scope: VariableScope.RUN });
  const ofGroups = await em.find(EnvGroupVariable, { id: { $in: ids } });
  return [...own, ...ofGroups].sort((one, other) => (one.key < other.key ? -1 : 1));
}
