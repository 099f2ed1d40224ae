import type { Mailer } from '../../outside/mail.js';

/** A backup that failed, as its team is told of it. */
export interface FailedBackup {
  database: string;
  environment: string;
  team: string;
  trigger: string;
  message: string | null;
  createdAt: Date;
}

export interface BackupMail {
  /** Whether the mail server took it. */
  failed(to: readonly string[], backup: FailedBackup): Promise<boolean>;
}

/** What failed as a mail. The names in it are the team's own: they are text, and no more. */
export const backupMail = (mailer: Pick<Mailer, 'deliver'>): BackupMail => ({
  failed: (to, { database, environment, team, trigger, message, createdAt }) =>
    mailer.deliver({
      to: to.join(', '),
      subject: `The backup of the database ${database} has failed`,
      text: `The ${KINDS[trigger] ?? ''}backup of the database "${database}" (environment "${environment}", team "${team}"), begun ${createdAt.toUTCString()}, has failed.\n\n${message ?? 'No reason was told.'}\n\nBackups that were made before it are as they were. You get this as an owner or admin of the team.\n`,
    }),
});

const KINDS: Readonly<Record<string, string>> = { SCHEDULE: 'scheduled ', FINAL: 'final ' };
