import type { EntityManager } from '@mikro-orm/postgresql';
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { newId } from '../../entities/columns.js';
import { DeploymentTrigger } from '../../entities/deployment-state.js';
import type { EnvGroup } from '../../entities/env-group.js';
import { ServiceEnvGroup } from '../../entities/service-env-group.js';
import { Service } from '../../entities/service.js';
import { badRequest, notFound } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { startDeployment } from '../deployment/start-deployment.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { lockService } from '../service/lock-service.js';
import { readService, type ServiceRow } from '../service/service-rows.js';
import { lockGroup } from './lock-group.js';

/** What a service has attached, in its order. */
const attachedTo = (tx: EntityManager, serviceId: string): Promise<ServiceEnvGroup[]> => tx.find(ServiceEnvGroup, { serviceId }, { orderBy: { position: 'asc', id: 'asc' } });

@Resolver()
export class AttachEnvGroupMutation {
  constructor(private readonly orchestrator: Orchestrator) {}

  @Mutation(() => Service, { description: "Gives a service a group's variables, in a new rollout; the group comes last, so it wins over the others. To attach it again changes nothing. Needs a cluster." })
  async attachEnvGroup(@Ctx() context: RequestContext, @Arg('serviceId', () => ID) serviceId: string, @Arg('groupId', () => ID) groupId: string): Promise<ServiceRow> {
    needsCluster(context.actor, this.orchestrator);
    return inTransaction(context, async (tx) => {
      await requireAccess(tx, context.actor, 'Mutation.attachEnvGroup', 'service', serviceId);
      const group = await lockGroup(tx, context.actor, 'Mutation.attachEnvGroup', groupId);
      const service = await lockService(tx, context.actor, 'Mutation.attachEnvGroup', serviceId);
      if (group.teamId !== service.teamId) throw badRequest('The group belongs to another team than the service.');
      if (group.environmentId && group.environmentId !== service.environmentId) throw badRequest('The group is for another environment than the one of the service.');
      const attached = await attachedTo(tx, serviceId);
      if (attached.some((one) => one.groupId === groupId)) return readService(tx, serviceId, this.orchestrator);
      const position = (attached.at(-1)?.position ?? 0) + 1;
      await tx.insert(ServiceEnvGroup, { id: newId(), serviceId, groupId, position, createdAt: new Date() });
      return this.rollOut(tx, context, 'attachEnvGroup', service, group);
    });
  }

  @Mutation(() => Service, { description: "Takes a group's variables away from a service, in a new rollout. Needs a cluster." })
  async detachEnvGroup(@Ctx() context: RequestContext, @Arg('serviceId', () => ID) serviceId: string, @Arg('groupId', () => ID) groupId: string): Promise<ServiceRow> {
    needsCluster(context.actor, this.orchestrator);
    return inTransaction(context, async (tx) => {
      await requireAccess(tx, context.actor, 'Mutation.detachEnvGroup', 'service', serviceId);
      const group = await lockGroup(tx, context.actor, 'Mutation.detachEnvGroup', groupId);
      const service = await lockService(tx, context.actor, 'Mutation.detachEnvGroup', serviceId);
      const gone = await tx.nativeDelete(ServiceEnvGroup, { serviceId, groupId });
      if (gone === 0) throw notFound();
      return this.rollOut(tx, context, 'detachEnvGroup', service, group);
    });
  }

  @Mutation(() => Service, { description: 'The order of all groups of a service, in a new rollout: a later one wins over an earlier one. Needs a cluster.' })
  async orderEnvGroups(@Ctx() context: RequestContext, @Arg('serviceId', () => ID) serviceId: string, @Arg('groupIds', () => [ID]) groupIds: string[]): Promise<ServiceRow> {
    needsCluster(context.actor, this.orchestrator);
    return inTransaction(context, async (tx) => {
      const service = await lockService(tx, context.actor, 'Mutation.orderEnvGroups', serviceId);
      const attached = await attachedTo(tx, serviceId);
      const before = attached.map(({ groupId }) => groupId);
      if (groupIds.length !== before.length || !before.every((id) => groupIds.includes(id))) throw badRequest('Name each group that is attached to the service, once.');
      if (before.every((id, index) => id === groupIds[index])) return readService(tx, serviceId, this.orchestrator);
      for (const one of attached) one.position = groupIds.indexOf(one.groupId) + 1;
      await tx.flush();
      return this.rollOut(tx, context, 'orderEnvGroups', service, null, { before: { groups: before }, after: { groups: groupIds } });
    });
  }

  private async rollOut(tx: EntityManager, context: RequestContext, action: string, service: Service, group: EnvGroup | null, change: object = {}): Promise<ServiceRow> {
    await startDeployment(tx, { service, trigger: DeploymentTrigger.API, actor: context.actor, orchestrator: this.orchestrator });
    const target = { kind: 'service', id: service.id, name: service.name };
    await recordAudit(tx, context, { action, teamId: service.teamId, target, ...(group && { after: { groupId: group.id, group: group.name, revision: group.revision } }), ...change });
    return readService(tx, service.id, this.orchestrator);
  }
}
