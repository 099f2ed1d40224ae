import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { PointInTimeRecovery } from '../../entities/point-in-time-recovery.js';
import { readRecovery } from './recovery-rows.js';

@Resolver()
export class PointInTimeRecoveryQuery {
  @Query(() => PointInTimeRecovery, { nullable: true, description: 'Which times of a database can be recovered; null where its log is not kept for that.' })
  async pointInTimeRecovery(@Ctx() { em, actor }: RequestContext, @Arg('databaseId', () => ID) databaseId: string): Promise<PointInTimeRecovery | null> {
    await requireAccess(em, actor, 'Query.pointInTimeRecovery', 'database', databaseId);
    const fork = em.fork();
    const recovery = await fork.findOne(PointInTimeRecovery, { databaseId });
    return recovery && readRecovery(fork, recovery);
  }
}
