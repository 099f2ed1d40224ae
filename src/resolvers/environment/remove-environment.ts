import { LockMode, type EntityManager } from '@mikro-orm/postgresql';
import { DeploymentState, ReasonCode } from '../../entities/deployment-state.js';
import { Environment } from '../../entities/environment.js';
import { Host } from '../../entities/host.js';
import { ManagedDatabase } from '../../entities/managed-database.js';
import { Service } from '../../entities/service.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { changeDatabase } from '../database/lock-database.js';
import { changeIntent, endUnfinished } from '../deployment/start-deployment.js';

/**
 * Deletes an environment with all that is in it, in the caller's transaction: services, databases with their content (at
 * once, nothing is kept), groups of its own, and, when they are gone, its namespace. Services and databases are locked in
 * the order of their ids.
 */
export async function removeEnvironment(tx: EntityManager, environment: Environment, orchestrator: Orchestrator, why: string): Promise<void> {
  const { id: environmentId } = environment;
  for (const service of await tx.find(Service, { environmentId, deletedAt: null }, { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE })) {
    await endUnfinished(tx, [service.id], DeploymentState.CANCELED, { code: ReasonCode.CANCELED, message: why });
    service.deletedAt = new Date();
    await changeIntent(tx, service, orchestrator);
    await tx.nativeDelete(Host, { serviceId: service.id });
  }
  for (const database of await tx.find(ManagedDatabase, { environmentId }, { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE })) {
    database.deletedAt ??= new Date();
    database.purgeAt = new Date();
    await changeDatabase(tx, database, orchestrator);
  }
  await tx.execute('delete from service_env_group where group_id in (select id from env_group where environment_id = ?)', [environmentId]);
  await tx.execute('update env_group set deleted_at = now() where environment_id = ? and deleted_at is null', [environmentId]);
  environment.deletedAt = new Date();
  await tx.flush();
  await orchestrator.wake(tx, `environment/${environmentId}`);
}
