import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../../entities/columns.js';
import { EnvGroupVariable } from '../../entities/env-group-variable.js';
import type { EnvGroup } from '../../entities/env-group.js';
import type { Vault } from '../../vault/vault.js';

/**
 * Writes a group's variables as its next revision; null takes one away, the others stay. A value that is the same already is
 * left alone. Answers the keys that changed; with none, the revision stays. Call it with the group locked.
 */
export async function setGroupVariables(tx: EntityManager, vault: Vault, group: EnvGroup, changes: Readonly<Record<string, string | null>>): Promise<string[]> {
  const wanted = Object.entries(changes);
  const current = new Map((await tx.find(EnvGroupVariable, { groupId: group.id, replacedAt: null })).map((variable) => [variable.key, variable]));
  const changed: [string, string | null][] = [];
  for (const [key, value] of wanted) {
    const known = current.get(key);
    const isSame = value === null ? !known : known && (await vault.open(tx, group.teamId, known.id, known.sealedValue)) === value;
    if (!isSame) changed.push([key, value]);
  }
  if (changed.length === 0) return [];
  for (const [key] of changed) {
    const known = current.get(key);
    if (known) known.replacedAt = new Date();
  }
  if (current.size > 0 || group.revision > 1) group.revision += 1;
  // The old ones have to go before the new ones may be the current.
  await tx.flush();
  for (const [key, value] of changed) {
    if (value === null) continue;
    const id = newId();
    const sealedValue = await vault.seal(tx, group.teamId, id, value);
    await tx.insert(EnvGroupVariable, { id, groupId: group.id, key, revision: group.revision, sealedValue, createdAt: new Date(), replacedAt: null });
  }
  return changed.map(([key]) => key);
}
