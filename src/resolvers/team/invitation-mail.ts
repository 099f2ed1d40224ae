import type { Mailer } from '../../outside/mail.js';
import type { InvitationMail } from './add-team-member.mutation.js';

/** An invitation as a mail. The names in it are the team's own: they are text, and no more. */
export const invitationMail = (mailer: Pick<Mailer, 'send'>): InvitationMail => ({
  invite: (to, { team, inviteUrl, expiresAt }) =>
    mailer.send({
      to,
      subject: `You are invited to the team ${team}`,
      text: `You are invited to the team "${team}" on Apex.\n\nCome in here:\n${inviteUrl}\n\nThe link is good once, until ${expiresAt.toUTCString()}. If you did not expect it, leave it be.\n`,
    }),
});
