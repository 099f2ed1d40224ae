import type { EntityManager } from '@mikro-orm/postgresql';
import type { Build } from '../../entities/build.js';
import { Variable, VariableScope } from '../../entities/variable.js';
import type { Vault } from '../../vault/vault.js';

/** Shorter ones would be found in words that are no secret. */
const SHORTEST_MASKED = 6;
const MASK = '***';

/** The secrets that a build was asked for with, by name. */
export async function openSecrets(em: EntityManager, vault: Pick<Vault, 'open'>, { teamId, serviceId, request: { secretIds = [] } }: Build): Promise<Record<string, string>> {
  if (secretIds.length === 0) return {};
  const rows = await em.find(Variable, { id: { $in: secretIds }, serviceId, scope: VariableScope.BUILD }, { orderBy: { key: 'asc' } });
  return Object.fromEntries(await Promise.all(rows.map(async ({ id, key, sealedValue }) => [key, await vault.open(em, teamId, id, sealedValue)] as const)));
}

/** How BuildKit's client gets them: it is told their names, and reads each from a variable of its environment. */
export function secretArguments(secrets: Readonly<Record<string, string>>): { args: string[]; variables: Record<string, string> } {
  const named = Object.entries(secrets).map(([name, value], n) => ({ name, value, variable: `APEX_BUILD_SECRET_${n}` }));
  return {
    args: named.flatMap(({ name, variable }) => ['--secret', `id=${name},env=${variable}`]),
    variables: Object.fromEntries(named.map(({ variable, value }) => [variable, value])),
  };
}

/** Takes the secrets out of a line of the log, where a step has printed one. */
export function secretMask(secrets: readonly string[]): (text: string) => string {
  const parts = secrets.flatMap((secret) => secret.split(/\r?\n/)).map((part) => part.trim()).filter(({ length }) => length >= SHORTEST_MASKED);
  // The longest first: one may be a part of another.
  const longestFirst = [...new Set(parts)].sort((one, other) => other.length - one.length);
  return (text) => longestFirst.reduce((masked, part) => masked.replaceAll(part, MASK), text);
}
