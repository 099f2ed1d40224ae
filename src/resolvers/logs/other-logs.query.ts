import { Arg, Ctx, ID, Int, Query, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { requireCluster, type LogBatch as Lines, type Orchestrator } from '../../orchestrator/port.js';
import { LogBatch, LogFilterInput } from '../../schema/log.types.js';
import { databaseLogSource, logFilter, logStart, preDeployLogSource } from './log-source.js';

/** The logs of what is no service, with the arguments of those of a service. */
@Resolver()
export class OtherLogsQuery {
  constructor(private readonly orchestrator: Orchestrator) {}

  @Query(() => LogBatch, { description: 'The lines that the cluster has of a database, oldest first. Needs a cluster.' })
  async databaseLogs(
    @Ctx() { em, actor, signal }: RequestContext,
    @Arg('databaseId', () => ID) databaseId: string,
    @Arg('filter', () => LogFilterInput, { nullable: true }) filter: LogFilterInput | null,
    @Arg('tail', () => Int, { nullable: true, description: 'At most so many of the last lines; 500 where no start is given.' }) tail: number | null,
    @Arg('since', () => Date, { nullable: true }) since: Date | null,
    @Arg('after', () => String, { nullable: true, description: 'A cursor: the lines behind it.' }) after: string | null,
    @Arg('previous', () => Boolean, { nullable: true, description: 'Of the container before the last restart.' }) previous: boolean | null,
  ): Promise<Lines> {
    const start = { ...logStart({ tail, since, after }), previous: previous ?? undefined };
    requireCluster(this.orchestrator.cluster());
    return this.orchestrator.history(await databaseLogSource(em, actor, 'Query.databaseLogs', databaseId), start, logFilter(filter), signal);
  }

  @Query(() => LogBatch, { description: "The lines of the step before a deployment's rollout, oldest first, while the cluster has them. Needs a cluster." })
  async preDeployLogs(
    @Ctx() { em, actor, signal }: RequestContext,
    @Arg('deploymentId', () => ID) deploymentId: string,
    @Arg('filter', () => LogFilterInput, { nullable: true }) filter: LogFilterInput | null,
    @Arg('tail', () => Int, { nullable: true, description: 'At most so many of the last lines; 500 where no start is given.' }) tail: number | null,
    @Arg('since', () => Date, { nullable: true }) since: Date | null,
    @Arg('after', () => String, { nullable: true, description: 'A cursor: the lines behind it.' }) after: string | null,
  ): Promise<Lines> {
    const start = logStart({ tail, since, after });
    requireCluster(this.orchestrator.cluster());
    return this.orchestrator.history(await preDeployLogSource(em, actor, 'Query.preDeployLogs', deploymentId), start, logFilter(filter), signal);
  }
}
