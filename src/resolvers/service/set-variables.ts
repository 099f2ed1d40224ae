import type { EntityManager } from '@mikro-orm/postgresql';
import { HIDDEN } from '../../entities/audit-event.js';
import { newId } from '../../entities/columns.js';
import { Variable, VariableKind, VariableScope } from '../../entities/variable.js';
import type { Vault } from '../../vault/vault.js';

/**
 * Writes new revisions of a service's variables, or of the secrets of its builds; a value of null takes one away, the others stay. A value that is the
 * same already is left alone. Answers whether anything changed.
 */
export async function setVariables(
  tx: EntityManager,
  vault: Vault,
  service: { id: string; teamId: string },
  changes: Readonly<Record<string, string | null>>,
  scope: VariableScope = VariableScope.RUN,
): Promise<boolean> {
  const wanted = Object.entries(changes);
  if (wanted.length === 0) return false;
  const known = await tx.find(Variable, { serviceId: service.id, scope, key: { $in: wanted.map(([key]) => key) } }, { orderBy: { revision: 'asc' } });
  const newest = new Map(known.map((variable) => [variable.key, variable]));
  let changed = false;
  for (const [key, value] of wanted) {
    const last = newest.get(key);
    const current = last && last.replacedAt === null ? last : undefined;
    if (value === null ? !current : current && (await vault.open(tx, service.teamId, current.id, current.sealedValue)) === value) continue;
    changed = true;
    if (current) current.replacedAt = new Date();
    // One flush for each: the old revision has to go before the new one may be the current.
    await tx.flush();
    if (value !== null) await write(tx, vault, service, { key, scope, value, revision: (last?.revision ?? 0) + 1 });
  }
  return changed;
}

async function write(tx: EntityManager, vault: Vault, service: { id: string; teamId: string }, { key, scope, value, revision }: Pick<Variable, 'key' | 'scope' | 'revision'> & { value: string }): Promise<void> {
  const id = newId();
  const sealedValue = await vault.seal(tx, service.teamId, id, value);
  await tx.insert(Variable, {
    id, serviceId: service.id, key, kind: VariableKind.SECRET, scope, revision, sealedValue, createdAt: new Date(), replacedAt: null,
  });
}

/** Variables as a log may show them. */
export const hidden = (variables: Readonly<Record<string, string | null>> | null | undefined): string[] =>
  Object.entries(variables ?? {}).map(([key, value]) => (value === null ? `${key} removed` : `${key}=${HIDDEN}`));
