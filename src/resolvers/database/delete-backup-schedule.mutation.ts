import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { BackupSchedule } from '../../entities/backup-schedule.js';
import { notFound } from '../../errors.js';
import { inTransaction } from '../in-transaction.js';
import { lockDatabase } from './lock-database.js';

@Resolver()
export class DeleteBackupScheduleMutation {
  @Mutation(() => BackupSchedule, { description: 'Ends the schedule of a database, and answers what it was. The backups that it made stay.' })
  async deleteBackupSchedule(@Ctx() context: RequestContext, @Arg('databaseId', () => ID) databaseId: string): Promise<BackupSchedule> {
    return inTransaction(context, async (tx) => {
      await lockDatabase(tx, context.actor, 'Mutation.deleteBackupSchedule', databaseId);
      const schedule = await tx.findOne(BackupSchedule, { databaseId });
      if (!schedule) throw notFound();
      await tx.nativeDelete(BackupSchedule, { id: schedule.id });
      return schedule;
    });
  }
}
