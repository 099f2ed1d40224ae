import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { LogDrain } from '../../entities/log-drain.js';

@Resolver()
export class LogDrainsQuery {
  @Query(() => [LogDrain], { description: 'Where a team sends its logs, and how that goes; never a token.' })
  async logDrains(@Ctx() { em, actor }: RequestContext, @Arg('teamId', () => ID) teamId: string): Promise<LogDrain[]> {
    await requireAccess(em, actor, 'Query.logDrains', 'team', teamId);
    return em.find(LogDrain, { teamId }, { orderBy: { id: 'asc' }, disableIdentityMap: true });
  }
}
