import type { EntityManager } from '@mikro-orm/postgresql';
import { Arg, ID, Int, Resolver, Root, Subscription } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { requireCluster, type Orchestrator } from '../../orchestrator/port.js';
import { LogBatch, LogFilterInput } from '../../schema/log.types.js';
import type { AccessWatch } from '../subscription/access-watch.js';
import { notWired, type EventSource } from '../subscription/event-source.js';
import { databaseLogSource, logFilter, logStart } from './log-source.js';
import { SharedLog } from './shared-log.js';

interface Args {
  databaseId: string;
  filter?: LogFilterInput | null;
  tail?: number | null;
  since?: Date | null;
  after?: string | null;
}

@Resolver()
export class DatabaseLogsSubscription implements EventSource {
  readonly subscription = 'databaseLogs';

  constructor(
    private readonly orchestrator: Orchestrator,
    private readonly access: AccessWatch,
  ) {}

  @Subscription(() => LogBatch, { subscribe: notWired, description: 'The lines of a database as they come, through restarts, by the rules of `serviceLogs`.' })
  databaseLogs(
    @Root() batch: LogBatch,
    @Arg('databaseId', () => ID) _databaseId: string,
    @Arg('filter', () => LogFilterInput, { nullable: true }) _filter: LogFilterInput | null,
    @Arg('tail', () => Int, { nullable: true, description: 'Begin with so many of the last lines; 500 where no start is given.' }) _tail: number | null,
    @Arg('since', () => Date, { nullable: true }) _since: Date | null,
    @Arg('after', () => String, { nullable: true, description: 'A cursor: go on behind it.' }) _after: string | null,
  ): LogBatch {
    return batch;
  }

  async events({ databaseId, filter, ...start }: Args, { actor, em }: RequestContext) {
    const from = logStart(start);
    requireCluster(this.orchestrator.cluster());
    const coordinate = 'Subscription.databaseLogs';
    const check = (within: EntityManager) => databaseLogSource(within, actor, coordinate, databaseId);
    const channel = this.orchestrator.channel(await check(em), logFilter(filter));
    // No event tells of a database; its id keeps the questions of one apart from those of another.
    return new SharedLog(`database logs ${databaseId} ${JSON.stringify(filter ?? {})}`, channel, from, this.access, { actor, serviceId: databaseId, coordinate, check });
  }
}
