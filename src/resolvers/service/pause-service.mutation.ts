import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import type { RequestContext } from '../../context.js';
import { Service } from '../../entities/service.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { changeIntent } from '../deployment/start-deployment.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { lockService } from './lock-service.js';
import { readService, type ServiceRow } from './service-rows.js';

@Resolver()
export class PauseServiceMutation {
  constructor(private readonly orchestrator: Orchestrator) {}

  @Mutation(() => Service, { description: 'Pauses a service (no replica runs, the number asked for is kept) or resumes it. Needs a cluster.' })
  async pauseService(
    @Ctx() context: RequestContext,
    @Arg('id', () => ID) id: string,
    @Arg('pause', () => Boolean) pause: boolean,
  ): Promise<ServiceRow> {
    const { actor } = context;
    needsCluster(actor, this.orchestrator);

    return inTransaction(context, async (tx) => {
      const service = await lockService(tx, actor, 'Mutation.pauseService', id);
      if (service.paused !== pause) {
        service.paused = pause;
        await changeIntent(tx, service, this.orchestrator);
      }
      await recordAudit(tx, context, { action: 'pauseService', teamId: service.teamId, target: { kind: 'service', id: service.id, name: service.name }, after: { paused: pause } });
      return readService(tx, service.id, this.orchestrator);
    });
  }
}
