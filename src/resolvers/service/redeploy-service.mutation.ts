import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import type { RequestContext } from '../../context.js';
import { DeploymentTrigger } from '../../entities/deployment-state.js';
import { Service } from '../../entities/service.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { startDeployment } from '../deployment/start-deployment.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { lockService } from './lock-service.js';
import { readService, type ServiceRow } from './service-rows.js';

@Resolver()
export class RedeployServiceMutation {
  constructor(private readonly orchestrator: Orchestrator) {}

  @Mutation(() => Service, { description: 'Deploys a service as it is once more: the image\'s tag is resolved again, and every pod is replaced. Needs a cluster.' })
  async redeployService(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<ServiceRow> {
    const { actor } = context;
    needsCluster(actor, this.orchestrator);
    const { orchestrator } = this;

    return inTransaction(context, async (tx) => {
      const service = await lockService(tx, actor, 'Mutation.redeployService', id);
      await startDeployment(tx, { service, trigger: DeploymentTrigger.REDEPLOY, actor, orchestrator });
      await recordAudit(tx, context, { action: 'redeployService', teamId: service.teamId, target: { kind: 'service', id: service.id, name: service.name } });
      return readService(tx, service.id, orchestrator);
    });
  }
}
