import type { EntityManager } from '@mikro-orm/postgresql';
import { Arg, Ctx, ID, Info, Mutation, Resolver } from 'type-graphql';
import type { GraphQLResolveInfo } from 'graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { limitCostlyField } from '../../auth/costly-field.js';
import { hashToken, newTokenSecret } from '../../auth/token-secret.js';
import type { RequestContext } from '../../context.js';
import { Account } from '../../entities/account.js';
import { newId } from '../../entities/columns.js';
import { Invitation } from '../../entities/invitation.js';
import { Membership } from '../../entities/membership.js';
import { Role, roleAtLeast } from '../../entities/roles.js';
import type { Team } from '../../entities/team.js';
import { forbidden } from '../../errors.js';
import { normalEmail } from '../../schema/account.rules.js';
import { invalidInput } from '../../schema/check-input.js';
import { MembershipPayload, MembershipStatus } from '../../schema/membership.payload.js';
import { AddTeamMemberInput } from '../../schema/team.inputs.js';
import { inTransaction } from '../in-transaction.js';
import { lockTeam } from './lock-team.js';

const CALLS_A_MINUTE = 60;
const INVITATION_DAYS = 7;
const DAY_MS = 86_400_000;

/** Tells an invited person; what becomes of the mail changes nothing here. */
export interface InvitationMail {
  invite(to: string, about: { team: string; inviteUrl: string; expiresAt: Date }): void;
}

@Resolver()
export class AddTeamMemberMutation {
  constructor(
    private readonly publicUrl: string,
    private readonly mail: InvitationMail,
  ) {}

  @Mutation(() => MembershipPayload, { description: 'Adds the account of an e-mail address to a team, or invites who has none; a newer invitation takes the place of an older.' })
  async addTeamMember(
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
    @Arg('teamId', () => ID) teamId: string,
    @Arg('input', () => AddTeamMemberInput) input: AddTeamMemberInput,
  ): Promise<MembershipPayload> {
    const email = normalEmail(input.email);
    const role = input.role ?? Role.DEVELOPER;
    const added = await inTransaction(context, async (tx) => {
      const { team, role: own } = await lockTeam(tx, context.actor, 'Mutation.addTeamMember', teamId);
      if (!roleAtLeast(own, role)) throw forbidden(`Your role in this team is ${own}: you cannot give ${role}.`);
      const account = await tx.findOne(Account, { email, emailVerifiedAt: { $ne: null }, deletedAt: null });
      const membership = account ? await join(tx, context, team, account, role) : await this.invite(tx, context, team, email, role, own);
      await recordAudit(tx, context, { action: 'addTeamMember', teamId, target: { kind: 'membership', id: membership.id, name: email }, after: { role, status: membership.status } });
      return { membership, team: team.name };
    });
    const { inviteUrl, expiresAt } = added.membership;
    if (inviteUrl && expiresAt) this.mail.invite(email, { team: added.team, inviteUrl, expiresAt });
    return added.membership;
  }

  private async invite(tx: EntityManager, context: RequestContext, team: Team, email: string, role: Role, own: Role): Promise<MembershipPayload> {
    const earlier = await tx.findOne(Invitation, { teamId: team.id, email, acceptedAt: null, revokedAt: null });
    if (earlier) {
      if (!roleAtLeast(own, earlier.role)) throw forbidden(`Your role in this team is ${own}: you cannot replace an invitation as ${earlier.role}.`);
      earlier.revokedAt = new Date();
      await tx.flush();
    }
    const secret = newTokenSecret();
    const createdAt = new Date();
    const expiresAt = new Date(createdAt.getTime() + INVITATION_DAYS * DAY_MS);
    const id = newId();
    const invitedBy = context.actor.kind === 'account' ? context.actor.accountId : null;
    await tx.insert(Invitation, { id, teamId: team.id, email, role, hash: hashToken(secret), invitedBy, createdAt, expiresAt, acceptedAt: null, revokedAt: null });
    const inviteUrl = `${this.publicUrl.replace(/\/$/, '')}/invitation?token=${secret}`;
    return { id, teamId: team.id, accountId: null, name: null, email, role, status: MembershipStatus.PENDING, inviteUrl, expiresAt, createdAt };
  }
}

async function join(tx: EntityManager, context: RequestContext, team: Team, account: Account, role: Role): Promise<MembershipPayload> {
  const known = await tx.count(Membership, { teamId: team.id, accountId: account.id });
  if (known > 0) throw invalidInput(context, [{ path: 'email', message: 'is already a member of this team' }]);
  const createdAt = new Date();
  const id = newId();
  await tx.insert(Membership, { id, teamId: team.id, accountId: account.id, role, createdAt });
  return { id, teamId: team.id, accountId: account.id, name: account.name, email: account.email, role, status: MembershipStatus.ACTIVE, inviteUrl: null, expiresAt: null, createdAt };
}
