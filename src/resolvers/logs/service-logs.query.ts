import { Arg, Ctx, ID, Int, Query, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { requireCluster, type LogBatch as Lines, type Orchestrator } from '../../orchestrator/port.js';
import { LogBatch, LogFilterInput } from '../../schema/log.types.js';
import { logFilter, logSource, logStart } from './log-source.js';

@Resolver()
export class ServiceLogsQuery {
  constructor(private readonly orchestrator: Orchestrator) {}

  @Query(() => LogBatch, { description: 'The lines that the cluster has of all replicas, oldest first. Needs a cluster.' })
  async serviceLogs(
    @Ctx() { em, actor, signal }: RequestContext,
    @Arg('serviceId', () => ID) serviceId: string,
    @Arg('filter', () => LogFilterInput, { nullable: true }) filter: LogFilterInput | null,
    @Arg('tail', () => Int, { nullable: true, description: 'At most so many of the last lines; 500 where no start is given.' }) tail: number | null,
    @Arg('since', () => Date, { nullable: true }) since: Date | null,
    @Arg('after', () => String, { nullable: true, description: 'A cursor: the lines behind it.' }) after: string | null,
    @Arg('previous', () => Boolean, { nullable: true, description: 'Of the containers before the last restart.' }) previous: boolean | null,
  ): Promise<Lines> {
    const start = { ...logStart({ tail, since, after }), previous: previous ?? undefined };
    requireCluster(this.orchestrator.cluster());
    const source = await logSource(em, actor, 'Query.serviceLogs', serviceId);
    return this.orchestrator.history(source, start, logFilter(filter), signal);
  }
}
