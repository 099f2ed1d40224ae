import { LockMode, type EntityManager } from '@mikro-orm/postgresql';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { Actor } from '../../context.js';
import { DeploymentTrigger } from '../../entities/deployment-state.js';
import { Service } from '../../entities/service.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { startDeployment } from '../deployment/start-deployment.js';

/** The services that have the group attached, in the order of their ids: whoever locks several of them takes them in it. */
export async function attachedServices(tx: EntityManager, groupId: string): Promise<string[]> {
  const rows = await tx.execute<{ id: string }[]>(
    `select service.id from service join service_env_group on service_env_group.service_id = service.id
     where service_env_group.group_id = ? and service.deleted_at is null order by service.id`,
    [groupId],
  );
  return rows.map(({ id }) => id);
}

/** A rolling deployment of each service, all or none: the actor must be allowed to deploy every one of them. */
export async function redeploy(tx: EntityManager, serviceIds: readonly string[], actor: Actor, orchestrator: Orchestrator): Promise<void> {
  for (const id of serviceIds) {
    await requireAccess(tx, actor, 'Mutation.redeployService', 'service', id);
    const service = await tx.findOne(Service, { id, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (service) await startDeployment(tx, { service, trigger: DeploymentTrigger.REDEPLOY, actor, orchestrator });
  }
}
