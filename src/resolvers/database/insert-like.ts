import type { EntityManager } from '@mikro-orm/postgresql';
import type { RequestContext } from '../../context.js';
import { newId } from '../../entities/columns.js';
import { DatabaseState } from '../../entities/database-state.js';
import { ManagedDatabase } from '../../entities/managed-database.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { invalid } from '../../schema/check-input.js';
import { SERVICE_NAME } from '../../schema/workload.rules.js';
import type { Vault } from '../../vault/vault.js';
import { insertDatabase, newPassword } from './create-database.mutation.js';

/** Throws BAD_REQUEST for a name that no database can have. */
export function requireName(name: string | null | undefined): void {
  const fault = name == null ? undefined : SERVICE_NAME.safeParse(name).error?.issues[0];
  if (fault) throw invalid([{ path: 'name', message: fault.message }]);
}

type Model = Pick<ManagedDatabase, 'teamId' | 'environmentId' | 'type' | 'version' | 'size' | 'resources'>;

/** A new, empty database beside another, in the caller's transaction, with credentials of its own. Answers its id; throws BAD_REQUEST where its name is taken. */
export async function insertLike(tx: EntityManager, context: RequestContext, { teamId, environmentId, type, version, size, resources }: Model, { name, storage }: { name: string; storage: string }, vault: Vault, orchestrator: Orchestrator): Promise<string> {
  const id = newId();
  const sealedPassword = await vault.seal(tx, teamId, id, newPassword());
  await insertDatabase(tx, context, Object.assign(new ManagedDatabase(), { id, teamId, environmentId, name, type, version, size, resources, storage, sealedPassword, status: DatabaseState.PROVISIONING, createdAt: new Date() }));
  await orchestrator.wake(tx, `database/${id}`);
  return id;
}
