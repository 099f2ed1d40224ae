import { requireMember, withinTeamsOf } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { pageWish } from '../../schema/page.js';
import { readDeployment } from '../deployment/deployment-rows.js';
import { readServices } from '../service/service-rows.js';

/** What a mutation answered, as it is now. */
export type ReadAgain = (typeName: string, answered: unknown, context: RequestContext) => Promise<unknown>;

interface Answered {
  id?: string;
  teamId?: string | null;
}

/**
 * Services and deployments are read afresh by their ids; what is gone by now, or does not change (a new token, whose secret
 * is nowhere else), is as it was answered. Whoever is no longer in the team gets nothing.
 */
export const readAgain =
  (orchestrator: Orchestrator): ReadAgain =>
  async (typeName, answered, { em, actor }) => {
    const { id, teamId } = (answered ?? {}) as Answered;
    if (!id) return answered;
    if (typeName === 'Deployment') return readDeployment(em, id, withinTeamsOf(actor, 'service.team_id', 'service.id'));
    if (teamId) await requireMember(em, actor, teamId);
    if (typeName !== 'Service') return answered;
    const conditions = [withinTeamsOf(actor, 'service.team_id', 'service.id'), { sql: 'service.id = ?', params: [id] }];
    const [service] = await readServices(em, conditions, pageWish(null, null), orchestrator);
    return service ?? answered;
  };
