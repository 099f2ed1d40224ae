import type { EntityManager } from '@mikro-orm/postgresql';
import { DatabaseState } from '../../../entities/database-state.js';
import { Environment } from '../../../entities/environment.js';
import { ManagedDatabase } from '../../../entities/managed-database.js';
import type { Vault } from '../../../vault/vault.js';
import type { ClusterAccess } from '../../cluster-access.js';
import { DATABASE_DRIVERS } from '../database-driver.js';
import { readDatabaseObjects } from '../database-objects.js';
import { engineOf } from '../database-workload.js';
import type { EnginePod } from '../engine-commands.js';

/** An engine that runs and answers, and its password. */
export interface OpenEngine {
  at: EnginePod;
  password: string;
}

export interface EngineAccessParts {
  vault: Pick<Vault, 'open'>;
  cluster: ClusterAccess;
  installationId: string;
}

/** The engine of a database: null while it is on its way. Throws a sentence where it will not come by itself. */
export async function openEngine(em: EntityManager, databaseId: string, parts: EngineAccessParts, signal: AbortSignal, what: 'to read' | 'to write'): Promise<OpenEngine | null> {
  const database = await em.findOne(ManagedDatabase, { id: databaseId }, { refresh: true });
  if (!database || database.deletedAt) throw new EngineAway('The database was deleted.');
  if (database.paused) throw new EngineAway('The database is paused.');
  if (database.status === DatabaseState.FAILED) throw new EngineAway(`The database has failed${database.statusMessage ? `: ${database.statusMessage}` : '.'}`);
  const isFull = database.status === DatabaseState.STORAGE_FULL;
  if (isFull && what === 'to write') throw new EngineAway(`There is no room for it. ${database.statusMessage ?? ''}`.trim());
  if ((database.status !== DatabaseState.AVAILABLE && !isFull) || database.sealedNextPassword) return null;
  const environment = await em.findOneOrFail(Environment, { id: database.environmentId });
  const client = parts.cluster();
  const live = await readDatabaseObjects(client, parts.installationId, databaseId, environment.namespace, signal);
  const engine = engineOf({ database });
  const pod = DATABASE_DRIVERS[engine.driver].writer(live.owned, live.pods);
  if (!pod && isFull) throw new EngineAway(`The database does not run. ${database.statusMessage ?? ''}`.trim());
  if (!pod) return null;
  const password = await parts.vault.open(em, database.teamId, databaseId, database.sealedPassword);
  return { at: { client, namespace: environment.namespace, pod: pod.metadata.name, engine }, password };
}

/** It will not come by itself; the message says why. */
export class EngineAway extends Error {
  override name = 'EngineAway';
}
