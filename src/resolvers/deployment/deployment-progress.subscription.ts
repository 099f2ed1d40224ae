import type { EntityManager } from '@mikro-orm/postgresql';
import { Arg, ID, Resolver, Root, Subscription } from 'type-graphql';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { DeploymentEvent } from '../../entities/deployment-event.js';
import { isTerminal } from '../../entities/deployment-state.js';
import type { Events } from '../../events.js';
import { invalid } from '../../schema/check-input.js';
import { DeploymentProgress } from '../../schema/deployment-progress.payload.js';
import type { DeploymentRow } from '../service/service-rows.js';
import type { AccessWatch } from '../subscription/access-watch.js';
import { notWired, type EventSource } from '../subscription/event-source.js';
import { whileAllowed } from '../subscription/while-allowed.js';
import { readDeployment } from './deployment-rows.js';

interface Progress {
  cursor: string;
  event: DeploymentEvent;
  deployment: DeploymentRow;
}

interface Args {
  deploymentId: string;
  after?: string | null;
}

@Resolver()
export class DeploymentProgressSubscription implements EventSource {
  readonly subscription = 'deploymentProgress';

  constructor(
    private readonly bus: Events,
    private readonly access: AccessWatch,
  ) {}

  @Subscription(() => DeploymentProgress, {
    subscribe: notWired,
    description: 'The events of a deployment, from its first or from behind a cursor, each once and in order; it ends after the last one.',
  })
  deploymentProgress(
    @Root() progress: DeploymentProgress,
    @Arg('deploymentId', () => ID) _deploymentId: string,
    @Arg('after', () => String, { nullable: true, description: 'A cursor: go on behind it.' }) _after: string | null,
  ): DeploymentProgress {
    return progress;
  }

  async events({ deploymentId, after }: Args, context: RequestContext) {
    const from = numberOf(after);
    const coordinate = 'Subscription.deploymentProgress';
    const check = (em: EntityManager) => requireAccess(em, context.actor, coordinate, 'deployment', deploymentId);
    await check(context.em);
    const { serviceId } = await readDeployment(context.em, deploymentId);
    const open = (signal: AbortSignal) => this.progress(context, deploymentId, from, () => check(context.em), signal);
    return whileAllowed({ context, access: this.access, coordinate: `${coordinate} ${deploymentId}`, serviceId, check, open });
  }

  private async *progress(context: RequestContext, deploymentId: string, from: number, check: () => Promise<unknown>, signal: AbortSignal): AsyncGenerator<Progress> {
    // Listened to before the first reading, so that no event falls in between.
    const changes = this.bus.subscribe('deployment.changed', signal)[Symbol.asyncIterator]();
    let last = from;
    while (!signal.aborted) {
      // The row first: an event that ends it is then among the events read after it.
      const deployment = await readDeployment(context.em, deploymentId);
      for (const event of await eventsBehind(context, deploymentId, last)) {
        last = event.number;
        yield { cursor: String(event.number), event, deployment: isTerminal(event.state) ? await readDeployment(context.em, deploymentId) : deployment };
      }
      if (isTerminal(deployment.state)) return;
      if (!(await changed(changes, deploymentId))) return;
      await check();
    }
  }
}

const eventsBehind = ({ em }: RequestContext, deploymentId: string, number: number): Promise<DeploymentEvent[]> =>
  em.find(DeploymentEvent, { deploymentId, number: { $gt: number } }, { orderBy: { number: 'asc' }, disableIdentityMap: true });

/** Waits for a change of this deployment; false when there are no more. */
async function changed(changes: AsyncIterator<{ deploymentId: string } | null>, deploymentId: string): Promise<boolean> {
  for (;;) {
    const { done, value } = await changes.next();
    if (done) return false;
    if (value === null || value.deploymentId === deploymentId) return true;
  }
}

function numberOf(after: string | null | undefined): number {
  if (after == null) return 0;
  if (!/^\d{1,9}$/.test(after)) throw invalid([{ path: 'after', message: 'must be a cursor of this deployment' }]);
  return Number(after);
}
