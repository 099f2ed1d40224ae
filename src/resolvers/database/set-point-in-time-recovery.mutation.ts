import { Arg, Ctx, ID, Int, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { DATABASE_ENGINES } from '../../entities/database-catalogue.js';
import { PointInTimeRecovery } from '../../entities/point-in-time-recovery.js';
import { badRequest } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { invalid } from '../../schema/check-input.js';
import { RECOVERY_DAYS } from '../../schema/cron.rules.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { lockDatabase, refuseDeleted } from './lock-database.js';
import { readRecovery } from './recovery-rows.js';

@Resolver()
export class SetPointInTimeRecoveryMutation {
  constructor(private readonly orchestrator: Orchestrator) {}

  @Mutation(() => PointInTimeRecovery, { description: 'The log of a PostgreSQL database is archived from now on, so that its content can be brought back as of any time (recoverDatabase). It goes on serving. Needs a cluster.' })
  async setPointInTimeRecovery(
    @Ctx() context: RequestContext,
    @Arg('databaseId', () => ID) databaseId: string,
    @Arg('keepDays', () => Int, { defaultValue: 7, description: 'So many days back any time can be recovered.' }) keepDays: number,
  ): Promise<PointInTimeRecovery> {
    const fault = RECOVERY_DAYS.safeParse(keepDays).error?.issues[0];
    if (fault) throw invalid([{ path: 'keepDays', message: fault.message }]);
    needsCluster(context.actor, this.orchestrator);

    return inTransaction(context, async (tx) => {
      const database = await lockDatabase(tx, context.actor, 'Mutation.setPointInTimeRecovery', databaseId);
      refuseDeleted(database);
      if (!DATABASE_ENGINES[database.type].recovery) throw badRequest(`Only PostgreSQL can be recovered to a point in time. "${database.name}" is of type ${database.type}: back it up on a schedule (setBackupSchedule).`);
      const recovery = (await tx.findOne(PointInTimeRecovery, { databaseId })) ?? Object.assign(new PointInTimeRecovery(), { databaseId, teamId: database.teamId });
      if (recovery.endedAt) throw badRequest(`The recovery of "${database.name}" is still being ended. Set it again when that is done: pointInTimeRecovery is null then.`);
      recovery.keepDays = keepDays;
      await tx.persist(recovery).flush();
      await this.orchestrator.wake(tx, `recoveryLog/${databaseId}`, `recoveryBase/${databaseId}`);
      return readRecovery(tx, recovery);
    });
  }
}
