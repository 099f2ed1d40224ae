import { Arg, Ctx, ID, Int, Query, Resolver } from 'type-graphql';
import { requireAccess, requireId, withinTeamsOf } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { BackupSchedule } from '../../entities/backup-schedule.js';
import { Backup } from '../../entities/backup.js';
import { Restore } from '../../entities/restore.js';
import { notFound } from '../../errors.js';
import { BackupConnection } from '../../schema/backup.connection.js';
import { Page } from '../../schema/connection.js';
import { pageWish } from '../../schema/page.js';

@Resolver()
export class BackupsQuery {
  @Query(() => BackupConnection, { description: 'The backups of a database, newest first.' })
  async backups(
    @Ctx() { em, actor }: RequestContext,
    @Arg('databaseId', () => ID) databaseId: string,
    @Arg('first', () => Int, { nullable: true }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
  ): Promise<Page<Backup>> {
    const page = pageWish(first, after);
    await requireAccess(em, actor, 'Query.backups', 'database', databaseId);
    const behind = page.after ? { $or: [{ createdAt: { $lt: page.after.createdAt } }, { createdAt: page.after.createdAt, id: { $lt: page.after.id } }] } : {};
    const rows = await em.fork().find(Backup, { databaseId, deletedAt: null, ...behind }, { orderBy: { createdAt: 'desc', id: 'desc' }, ...(page.limit !== null && { limit: page.limit + 1 }) });
    return new Page(rows, page);
  }

  @Query(() => BackupSchedule, { nullable: true, description: 'When a database is backed up by itself; null where it is not.' })
  async backupSchedule(@Ctx() { em, actor }: RequestContext, @Arg('databaseId', () => ID) databaseId: string): Promise<BackupSchedule | null> {
    await requireAccess(em, actor, 'Query.backupSchedule', 'database', databaseId);
    return em.fork().findOne(BackupSchedule, { databaseId });
  }

  @Query(() => Restore, { description: 'How far a restore is.' })
  async restore(@Ctx() { em, actor }: RequestContext, @Arg('id', () => ID) id: string): Promise<Restore> {
    const within = withinTeamsOf(actor, 'restore.team_id');
    const [row] = await em.execute<unknown[]>(`select 1 from restore where restore.id = ? and ${within.sql}`, [requireId(id), ...within.params]);
    if (!row) throw notFound();
    return em.fork().findOneOrFail(Restore, { id });
  }
}
