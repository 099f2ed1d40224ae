import { LockMode, type EntityManager } from '@mikro-orm/postgresql';
import { Ctx, Int, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { BackupSchedule } from '../../entities/backup-schedule.js';
import { BackupState } from '../../entities/backup-state.js';
import { BackupTrigger } from '../../entities/backup-trigger.js';
import { Backup } from '../../entities/backup.js';
import { DatabaseState } from '../../entities/database-state.js';
import { ManagedDatabase } from '../../entities/managed-database.js';
import { Restore } from '../../entities/restore.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { nextRun } from '../../schema/cron.rules.js';
import { inTransaction } from '../in-transaction.js';
import { beginBackup } from './begin-backup.js';
import { whyBusy } from './busy-content.js';

/** There is nothing to back up yet, or no more. */
const UNTRIED: ReadonlySet<DatabaseState> = new Set([DatabaseState.PROVISIONING, DatabaseState.DELETED]);
const AT_ONCE = 20;
const DAY_MS = 86_400_000;

@Resolver()
export class RunBackupSchedulesMutation {
  constructor(private readonly orchestrator: Orchestrator) {}

  @Mutation(() => Int, { description: 'Begins the backups that are due by a schedule, lets go of those that none keeps any more, and answers how many began. Only a clock of the server may call it.' })
  async runBackupSchedules(@Ctx() context: RequestContext): Promise<number> {
    const due = await context.em.execute<{ id: string }[]>(`select id from backup_schedule where next_at <= now() order by next_at limit ${AT_ONCE}`);
    let begun = 0;
    for (const { id } of due) if (await this.#run(context, id)) begun += 1;
    return begun;
  }

  /** Each in a transaction of its own. What was due while no server ran is made up for once. */
  #run(context: RequestContext, id: string): Promise<boolean> {
    return inTransaction(context, async (tx) => {
      const now = new Date();
      // The database's row first, as everybody locks it.
      const { databaseId } = (await tx.findOne(BackupSchedule, { id })) ?? {};
      const database = databaseId ? await tx.findOne(ManagedDatabase, { id: databaseId }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true }) : null;
      const schedule = await tx.findOne(BackupSchedule, { id, nextAt: { $lte: now } }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
      if (!database || !schedule) return false;
      schedule.nextAt = nextRun(schedule, now);
      const last = await tx.findOne(Backup, { databaseId: database.id, trigger: BackupTrigger.SCHEDULE, deletedAt: null }, { orderBy: { createdAt: 'desc', id: 'desc' } });
      // One that has failed or is changing is tried all the same: where it does not come, the backup fails, and its team is told.
      const leftOut = UNTRIED.has(database.status) ? `The database was ${database.status}.` : await whyBusy(tx, database);
      schedule.trouble = leftOut ? `The backup of ${now.toISOString()} was left out. ${leftOut}` : last?.state === BackupState.FAILED ? `The backup of ${last.createdAt.toISOString()} failed. ${last.message ?? ''}`.trim() : null;
      await tx.flush();
      await this.#letGo(tx, schedule, now);
      if (leftOut) return false;
      await beginBackup(tx, database, BackupTrigger.SCHEDULE, this.orchestrator);
      return true;
    });
  }

  /** The newest that is whole always stays, however old: a schedule that fails for weeks must not end with nothing. */
  async #letGo(tx: EntityManager, { databaseId, keepCount, keepDays }: BackupSchedule, now: Date): Promise<void> {
    const [, ...older] = await tx.find(Backup, { databaseId, trigger: BackupTrigger.SCHEDULE, state: BackupState.DONE, deletedAt: null }, { orderBy: { createdAt: 'desc', id: 'desc' }, fields: ['id', 'createdAt'] });
    // The one that begins now counts, too.
    const over = older.filter(({ createdAt }, index) => index + 2 >= keepCount || (keepDays !== null && createdAt.getTime() < now.getTime() - keepDays * DAY_MS)).map(({ id }) => id);
    if (over.length === 0) return;
    const inUse = (await tx.find(Restore, { backupId: { $in: over }, state: BackupState.RUNNING }, { fields: ['backupId'] })).map(({ backupId }) => backupId);
    const gone = over.filter((id) => !inUse.includes(id));
    await tx.nativeUpdate(Backup, { id: { $in: gone } }, { deletedAt: now });
    await this.orchestrator.wake(tx, ...gone.map((id) => `backup/${id}` as const));
  }
}
