import type { EntityManager } from '@mikro-orm/postgresql';
import { Arg, ID, Int, Resolver, Root, Subscription } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { requireCluster, type Orchestrator } from '../../orchestrator/port.js';
import { LogBatch, LogFilterInput } from '../../schema/log.types.js';
import type { AccessWatch } from '../subscription/access-watch.js';
import { notWired, type EventSource } from '../subscription/event-source.js';
import { preDeployLogSource, logFilter, logStart } from './log-source.js';
import { SharedLog } from './shared-log.js';

interface Args {
  deploymentId: string;
  filter?: LogFilterInput | null;
  tail?: number | null;
  since?: Date | null;
  after?: string | null;
}

@Resolver()
export class PreDeployLogsSubscription implements EventSource {
  readonly subscription = 'preDeployLogs';

  constructor(
    private readonly orchestrator: Orchestrator,
    private readonly access: AccessWatch,
  ) {}

  @Subscription(() => LogBatch, { subscribe: notWired, description: 'The lines of the step before a rollout as they come, by the rules of `serviceLogs`.' })
  preDeployLogs(
    @Root() batch: LogBatch,
    @Arg('deploymentId', () => ID) _deploymentId: string,
    @Arg('filter', () => LogFilterInput, { nullable: true }) _filter: LogFilterInput | null,
    @Arg('tail', () => Int, { nullable: true, description: 'Begin with so many of the last lines; 500 where no start is given.' }) _tail: number | null,
    @Arg('since', () => Date, { nullable: true }) _since: Date | null,
    @Arg('after', () => String, { nullable: true, description: 'A cursor: go on behind it.' }) _after: string | null,
  ): LogBatch {
    return batch;
  }

  async events({ deploymentId, filter, ...start }: Args, { actor, em }: RequestContext) {
    const from = logStart(start);
    requireCluster(this.orchestrator.cluster());
    const coordinate = 'Subscription.preDeployLogs';
    const check = (within: EntityManager) => preDeployLogSource(within, actor, coordinate, deploymentId);
    const channel = this.orchestrator.channel(await check(em), logFilter(filter));
    // Its service is asked for by the source itself; the id keeps the questions of one apart from those of another.
    return new SharedLog(`pre-deploy logs ${deploymentId} ${JSON.stringify(filter ?? {})}`, channel, from, this.access, { actor, serviceId: deploymentId, coordinate, check });
  }
}
