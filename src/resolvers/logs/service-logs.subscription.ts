import type { EntityManager } from '@mikro-orm/postgresql';
import { Arg, ID, Int, Resolver, Root, Subscription } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { requireCluster, type Orchestrator } from '../../orchestrator/port.js';
import { LogBatch, LogFilterInput } from '../../schema/log.types.js';
import { notWired, type EventSource } from '../subscription/event-source.js';
import type { AccessWatch } from '../subscription/access-watch.js';
import { logFilter, logSource, logStart } from './log-source.js';
import { SharedLog } from './shared-log.js';

interface Args {
  serviceId: string;
  filter?: LogFilterInput | null;
  tail?: number | null;
  since?: Date | null;
  after?: string | null;
}

@Resolver()
export class ServiceLogsSubscription implements EventSource {
  readonly subscription = 'serviceLogs';

  constructor(
    private readonly orchestrator: Orchestrator,
    private readonly access: AccessWatch,
  ) {}

  @Subscription(() => LogBatch, {
    subscribe: notWired,
    description: 'The lines of all replicas as they come, through rollouts and restarts. The first batch comes at once, also when it is empty. The order of arguments\' weight: after, since, tail.',
  })
  serviceLogs(
    @Root() batch: LogBatch,
    @Arg('serviceId', () => ID) _serviceId: string,
    @Arg('filter', () => LogFilterInput, { nullable: true }) _filter: LogFilterInput | null,
    @Arg('tail', () => Int, { nullable: true, description: 'Begin with so many of the last lines; 500 where no start is given.' }) _tail: number | null,
    @Arg('since', () => Date, { nullable: true }) _since: Date | null,
    @Arg('after', () => String, { nullable: true, description: 'A cursor: go on behind it.' }) _after: string | null,
  ): LogBatch {
    return batch;
  }

  async events({ serviceId, filter, ...start }: Args, { actor, em }: RequestContext) {
    const from = logStart(start);
    requireCluster(this.orchestrator.cluster());
    const coordinate = 'Subscription.serviceLogs';
    const check = (within: EntityManager) => logSource(within, actor, coordinate, serviceId);
    const channel = this.orchestrator.channel(await check(em), logFilter(filter));
    return new SharedLog(`logs ${serviceId} ${JSON.stringify(filter ?? {})}`, channel, from, this.access, { actor, serviceId, coordinate, check });
  }
}
