import { Arg, Args, Ctx, ID, Query, Resolver } from 'type-graphql';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import type { LogPage, LogSearch, LogSource, LogStorage as Storage, Orchestrator } from '../../orchestrator/port.js';
import { invalid } from '../../schema/check-input.js';
import { LogHistoryArgs } from '../../schema/log-history.input.js';
import { LogHistoryConnection, LogStorage, type LogLine } from '../../schema/log.types.js';
import { databaseLogSource, logFilter, logSource, preDeployLogSource } from './log-source.js';

const DEFAULT_FIRST = 100;
const MAX_FIRST = 1_000;

@Resolver()
export class LogHistoryQuery {
  constructor(private readonly orchestrator: Orchestrator) {}

  @Query(() => LogHistoryConnection, { description: 'Lines that outlive their containers, newest first. Needs no cluster. A line is here some seconds after it was written.' })
  serviceLogHistory(@Ctx() context: RequestContext, @Arg('serviceId', () => ID) serviceId: string, @Args(() => LogHistoryArgs) args: LogHistoryArgs): Promise<LogHistoryConnection> {
    return this.#search(args, context, ({ em, actor }) => logSource(em, actor, 'Query.serviceLogHistory', serviceId));
  }

  @Query(() => LogHistoryConnection, { description: 'The same of a database.' })
  databaseLogHistory(@Ctx() context: RequestContext, @Arg('databaseId', () => ID) databaseId: string, @Args(() => LogHistoryArgs) args: LogHistoryArgs): Promise<LogHistoryConnection> {
    return this.#search(args, context, ({ em, actor }) => databaseLogSource(em, actor, 'Query.databaseLogHistory', databaseId));
  }

  @Query(() => LogHistoryConnection, { description: "The same of the step before a deployment's rollout." })
  preDeployLogHistory(@Ctx() context: RequestContext, @Arg('deploymentId', () => ID) deploymentId: string, @Args(() => LogHistoryArgs) args: LogHistoryArgs): Promise<LogHistoryConnection> {
    return this.#search(args, context, ({ em, actor }) => preDeployLogSource(em, actor, 'Query.preDeployLogHistory', deploymentId));
  }

  @Query(() => LogStorage, { description: "How much of a team's logs is kept, and what was let go." })
  async logStorage(@Ctx() { em, actor }: RequestContext, @Arg('teamId', () => ID) teamId: string): Promise<Storage> {
    await requireAccess(em, actor, 'Query.logStorage', 'team', teamId);
    return this.orchestrator.logStorage(teamId);
  }

  async #search(args: LogHistoryArgs, context: RequestContext, sourceOf: (context: RequestContext) => Promise<LogSource>): Promise<LogHistoryConnection> {
    const search = searchOf(args);
    return connection(await this.orchestrator.searchLogs(await sourceOf(context), search, context.signal));
  }
}

/** Throws BAD_REQUEST. */
function searchOf({ filter, since, until, oldestFirst, first, after }: LogHistoryArgs): LogSearch {
  if (first != null && (first < 1 || first > MAX_FIRST)) throw invalid([{ path: 'first', message: `must be from 1 to ${MAX_FIRST}` }]);
  if (filter?.stream != null) throw invalid([{ path: 'stream', message: 'cannot be searched for: lines are kept as Kubernetes hands them out, both streams as one' }]);
  return { filter: logFilter(filter), since: since ?? undefined, until: until ?? undefined, first: first ?? DEFAULT_FIRST, after: after ?? undefined, oldestFirst: oldestFirst ?? false };
}

const connection = ({ lines, hasNextPage, endCursor }: LogPage): LogHistoryConnection => ({
  edges: lines.map(({ cursor, line }) => ({ cursor, node: line as LogLine })),
  nodes: lines.map(({ line }) => line as LogLine),
  pageInfo: { hasNextPage, endCursor },
});
