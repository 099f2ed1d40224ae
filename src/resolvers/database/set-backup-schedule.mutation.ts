import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { BackupSchedule } from '../../entities/backup-schedule.js';
import { BackupScheduleInput } from '../../schema/backup-schedule.input.js';
import { nextRun } from '../../schema/cron.rules.js';
import { inTransaction } from '../in-transaction.js';
import { lockDatabase, refuseDeleted } from './lock-database.js';

@Resolver()
export class SetBackupScheduleMutation {
  @Mutation(() => BackupSchedule, { description: 'A database is backed up by itself from now on: whenever the expression comes true in its time zone. It takes the place of the schedule before.' })
  async setBackupSchedule(
    @Ctx() context: RequestContext,
    @Arg('databaseId', () => ID) databaseId: string,
    @Arg('input', () => BackupScheduleInput) { cron, timeZone, keepCount, keepDays }: BackupScheduleInput,
  ): Promise<BackupSchedule> {
    return inTransaction(context, async (tx) => {
      const database = await lockDatabase(tx, context.actor, 'Mutation.setBackupSchedule', databaseId);
      refuseDeleted(database);
      const schedule = (await tx.findOne(BackupSchedule, { databaseId })) ?? Object.assign(new BackupSchedule(), { databaseId, teamId: database.teamId });
      Object.assign(schedule, { cron: cron.trim(), timeZone, keepCount, keepDays: keepDays ?? null, nextAt: nextRun({ cron, timeZone }, new Date()), trouble: null });
      await tx.persist(schedule).flush();
      return schedule;
    });
  }
}
