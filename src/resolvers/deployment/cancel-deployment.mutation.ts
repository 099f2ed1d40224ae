import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { Deployment } from '../../entities/deployment.js';
import { moveDeployment } from '../../entities/deployment-log.js';
import { DeploymentState, isTerminal, ReasonCode } from '../../entities/deployment-state.js';
import { badRequest, notFound } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { inTransaction } from '../in-transaction.js';
import { readDeployment } from './deployment-rows.js';
import type { DeploymentRow } from '../service/service-rows.js';

@Resolver()
export class CancelDeploymentMutation {
  constructor(private readonly orchestrator: Orchestrator) {}

  @Mutation(() => Deployment, { description: 'Ends an unfinished deployment; what served before goes on serving. To cancel it again changes nothing.' })
  async cancelDeployment(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<DeploymentRow> {
    return inTransaction(context, async (tx) => {
      const teamId = await requireAccess(tx, context.actor, 'Mutation.cancelDeployment', 'deployment', id);
      // The service first, as every writer does, so that no two wait for each other.
      const [locked] = await tx.execute<{ service_id: string; state: DeploymentState }[]>(
        `with owner as (select service.id from service join deployment on deployment.service_id = service.id where deployment.id = ? for update of service)
         select deployment.service_id, deployment.state from deployment join owner on owner.id = deployment.service_id where deployment.id = ? for update of deployment`,
        [id, id],
      );
      if (!locked) throw notFound();
      const { state, service_id: serviceId } = locked;
      if (!isTerminal(state)) {
        await moveDeployment(tx, { id, from: state, to: DeploymentState.CANCELED, reason: { code: ReasonCode.CANCELED, message: 'It was canceled.' } });
        await this.orchestrator.wake(tx, `service/${serviceId}`);
        await recordAudit(tx, context, { action: 'cancelDeployment', teamId, target: { kind: 'deployment', id }, before: { state } });
      } else if (state !== DeploymentState.CANCELED) {
        throw badRequest(`The deployment has ended already: it is ${state}.`);
      }
      return readDeployment(tx, id);
    });
  }
}
