import type { EntityManager } from '@mikro-orm/postgresql';
import { Ctx, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { Role } from '../../entities/roles.js';
import type { BackupMail, FailedBackup } from './backup-mail.js';

/** While a mail is under way nobody else takes it; who was killed meanwhile lets go of it by then. */
const HELD = "interval '2 minutes'";
const MOST_ATTEMPTS = 6;

interface Notice extends FailedBackup {
  id: string;
  teamId: string;
  attempts: number;
}

/** Owners and admins of a team hear of its failed backups, where there is a mail server. */
@Resolver()
export class SendBackupNoticesMutation {
  constructor(private readonly mail: BackupMail | null) {}

  @Mutation(() => Boolean, { description: 'Sends one mail about a failed backup that is due, and answers whether there may be another. Only a clock of the server may call it.' })
  async sendBackupNotices(@Ctx() { em }: RequestContext): Promise<boolean> {
    if (!this.mail) return false;
    const notice = await take(em);
    if (!notice) return false;
    const to = await recipients(em, notice.teamId);
    const isDone = to.length === 0 || (await this.mail.failed(to, notice)) || notice.attempts >= MOST_ATTEMPTS;
    await em.execute(`update backup set notice_due_at = ${isDone ? 'null' : "now() + interval '1 minute' * power(2, notice_attempts)"} where id = ?`, [notice.id]);
    return true;
  }
}

/** What is older than a day is news no more: it failed before there was a mail server, or while none ran. */
async function take(em: EntityManager): Promise<Notice | null> {
  const [row] = await em.execute<(Omit<Notice, 'createdAt'> & { createdAt: string | Date })[]>(
    `update backup set notice_due_at = now() + ${HELD}, notice_attempts = notice_attempts + 1 from managed_database d, environment, team
     where backup.id = (select id from backup where notice_due_at <= now() and ended_at > now() - interval '1 day' and deleted_at is null order by notice_due_at limit 1 for update skip locked)
       and d.id = backup.database_id and environment.id = d.environment_id and team.id = backup.team_id
     returning backup.id, backup.team_id as "teamId", backup.notice_attempts as attempts, backup.trigger, backup.message, backup.created_at as "createdAt", d.name as database, environment.name as environment, team.name as team`,
  );
  return row ? { ...row, createdAt: new Date(row.createdAt) } : null;
}

async function recipients(em: EntityManager, teamId: string): Promise<string[]> {
  const rows = await em.execute<{ email: string }[]>(
    'select account.email from membership join account on account.id = membership.account_id where membership.team_id = ? and membership.role in (?, ?) and account.email is not null order by account.email',
    [teamId, Role.OWNER, Role.ADMIN],
  );
  return rows.map(({ email }) => email);
}
