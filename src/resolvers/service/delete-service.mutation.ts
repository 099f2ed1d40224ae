import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import type { RequestContext } from '../../context.js';
import { DeploymentState, ReasonCode } from '../../entities/deployment-state.js';
import { Host } from '../../entities/host.js';
import { Service } from '../../entities/service.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { changeIntent, endUnfinished } from '../deployment/start-deployment.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { lockService } from './lock-service.js';
import { readService, type ServiceRow } from './service-rows.js';

@Resolver()
export class DeleteServiceMutation {
  constructor(private readonly orchestrator: Orchestrator) {}

  @Mutation(() => Service, { description: 'Deletes a service: it is not found from now on, its name and its host are free, and what runs is taken away. Needs a cluster.' })
  async deleteService(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<ServiceRow> {
    const { actor } = context;
    needsCluster(actor, this.orchestrator);

    return inTransaction(context, async (tx) => {
      const service = await lockService(tx, actor, 'Mutation.deleteService', id);
      await endUnfinished(tx, [service.id], DeploymentState.CANCELED, { code: ReasonCode.CANCELED, message: 'The service was deleted.' });
      service.deletedAt = new Date();
      await changeIntent(tx, service, this.orchestrator);
      const last = await readService(tx, service.id, this.orchestrator);
      await tx.nativeDelete(Host, { serviceId: service.id });
      await recordAudit(tx, context, { action: 'deleteService', teamId: service.teamId, target: { kind: 'service', id: service.id, name: service.name } });
      return last;
    });
  }
}
