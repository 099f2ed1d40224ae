import { Arg, Ctx, ID, Int, Query, Resolver } from 'type-graphql';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import type { LogPage, LogStorage as Storage, Orchestrator } from '../../orchestrator/port.js';
import { LogFilterInput, LogHistoryConnection, LogStorage, type LogLine } from '../../schema/log.types.js';
import { invalid } from '../../schema/check-input.js';
import { logFilter, logSource } from './log-source.js';

const DEFAULT_FIRST = 100;
const MAX_FIRST = 1_000;

@Resolver()
export class LogHistoryQuery {
  constructor(private readonly orchestrator: Orchestrator) {}

  @Query(() => LogHistoryConnection, { description: 'Lines that outlive their containers, newest first. Needs no cluster. A line is here some seconds after it was written.' })
  async serviceLogHistory(
    @Ctx() { em, actor, signal }: RequestContext,
    @Arg('serviceId', () => ID) serviceId: string,
    @Arg('filter', () => LogFilterInput, { nullable: true }) filter: LogFilterInput | null,
    @Arg('since', () => Date, { nullable: true }) since: Date | null,
    @Arg('until', () => Date, { nullable: true }) until: Date | null,
    @Arg('oldestFirst', () => Boolean, { nullable: true }) oldestFirst: boolean | null,
    @Arg('first', () => Int, { nullable: true, description: 'At most so many lines: 100 where nothing is said, 1000 at most.' }) first: number | null,
    @Arg('after', () => String, { nullable: true, description: 'endCursor of the page before.' }) after: string | null,
  ): Promise<LogHistoryConnection> {
    if (first != null && (first < 1 || first > MAX_FIRST)) throw invalid([{ path: 'first', message: `must be from 1 to ${MAX_FIRST}` }]);
    if (filter?.stream != null) throw invalid([{ path: 'stream', message: 'cannot be searched for: lines are kept as Kubernetes hands them out, both streams as one' }]);
    const source = await logSource(em, actor, 'Query.serviceLogHistory', serviceId);
    const search = { filter: logFilter(filter), since: since ?? undefined, until: until ?? undefined, first: first ?? DEFAULT_FIRST, after: after ?? undefined, oldestFirst: oldestFirst ?? false };
    return connection(await this.orchestrator.searchLogs(source, search, signal));
  }

  @Query(() => LogStorage, { description: "How much of a team's logs is kept, and what was let go." })
  async logStorage(@Ctx() { em, actor }: RequestContext, @Arg('teamId', () => ID) teamId: string): Promise<Storage> {
    await requireAccess(em, actor, 'Query.logStorage', 'team', teamId);
    return this.orchestrator.logStorage(teamId);
  }
}

const connection = ({ lines, hasNextPage, endCursor }: LogPage): LogHistoryConnection => ({
  edges: lines.map(({ cursor, line }) => ({ cursor, node: line as LogLine })),
  nodes: lines.map(({ line }) => line as LogLine),
  pageInfo: { hasNextPage, endCursor },
});
