import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../../entities/columns.js';
import type { DatabaseSizes } from '../../entities/database-catalogue.js';
import { DatabaseSize } from '../../entities/database-state.js';
import { ManagedDatabase } from '../../entities/managed-database.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import type { Vault } from '../../vault/vault.js';
import { newPassword } from '../database/create-database.mutation.js';

/** A new, empty database in a preview's environment, of the same name, type and version as `original`, and of the smallest size. */
export async function copyDatabase(tx: EntityManager, original: ManagedDatabase, environmentId: string, { vault, orchestrator, sizes }: { vault: Vault; orchestrator: Orchestrator; sizes: DatabaseSizes }): Promise<ManagedDatabase> {
  const id = newId();
  const { teamId, name, type, version } = original;
  const { cpu, memory, storage } = sizes[DatabaseSize.SMALL];
  const database = Object.assign(new ManagedDatabase(), {
    id, teamId, environmentId, name, type, version, size: DatabaseSize.SMALL, resources: { cpu, memory }, storage,
    sealedPassword: await vault.seal(tx, teamId, id, newPassword()), createdAt: new Date(),
  });
  await tx.persist(database).flush();
  await orchestrator.wake(tx, `database/${id}`);
  return database;
}
