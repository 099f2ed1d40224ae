import type { EntityManager } from '@mikro-orm/postgresql';
import { RegistryCredential } from '../../entities/registry-credential.js';
import type { RegistryLogin } from '../../outside/image-registry.js';
import type { Vault } from '../../vault/vault.js';

/** A credential with the id of its row, which is another for each password. */
export type TeamLogin = RegistryLogin & { id: string };

/** A team's way into a registry as it is now; null where the team has none. */
export async function registryLogin(em: EntityManager, vault: Pick<Vault, 'open'>, teamId: string, registry: string): Promise<TeamLogin | null> {
  const row = await em.findOne(RegistryCredential, { teamId, registry });
  return row && { id: row.id, username: row.username, password: await vault.open(em, teamId, row.id, row.sealedPassword) };
}
