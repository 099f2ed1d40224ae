import type { EntityManager } from '@mikro-orm/postgresql';
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { requireAccount } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { Membership } from '../../entities/membership.js';
import { Team } from '../../entities/team.js';
import { badRequest } from '../../errors.js';
import { MembershipPayload } from '../../schema/membership.payload.js';
import { inTransaction } from '../in-transaction.js';
import { findMember, requireRank } from './find-member.js';
import { keepAnOwner, lockTeam } from './lock-team.js';
import type { TeamRow } from './team-rows.js';

@Resolver()
export class RemoveTeamMemberMutation {
  @Mutation(() => MembershipPayload, { description: 'Takes a member out of a team, and with it its open streams, or takes an invitation back.' })
  async removeTeamMember(
    @Ctx() context: RequestContext,
    @Arg('teamId', () => ID) teamId: string,
    @Arg('id', () => ID, { description: 'Of the membership.' }) id: string,
  ): Promise<MembershipPayload> {
    return inTransaction(context, async (tx) => {
      const { role: own } = await lockTeam(tx, context.actor, 'Mutation.removeTeamMember', teamId);
      const { row, shown } = await findMember(tx, teamId, id);
      requireRank(own, row.role);
      if (row instanceof Membership) await end(tx, row);
      else row.revokedAt = new Date();
      await recordAudit(tx, context, { action: 'removeTeamMember', teamId, target: { kind: 'membership', id, name: shown.email ?? shown.name }, before: { role: row.role, status: shown.status } });
      return shown;
    });
  }

  @Mutation(() => Team, { description: 'Leaves a team. Its last owner stays.' })
  async leaveTeam(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<TeamRow> {
    const { accountId } = requireAccount(context.actor);
    return inTransaction(context, async (tx) => {
      const { team, role } = await lockTeam(tx, context.actor, 'Mutation.leaveTeam', id);
      if (team.personal) throw badRequest('A personal team is not left.');
      await end(tx, await tx.findOneOrFail(Membership, { teamId: id, accountId }));
      await recordAudit(tx, context, { action: 'leaveTeam', teamId: id, target: { kind: 'team', id, name: team.name }, before: { role } });
      return { id, name: team.name, personal: team.personal, createdAt: team.createdAt, role };
    });
  }
}

/** The row's own trigger ends what is open on it. Tokens that are held to the team end with it. */
async function end(tx: EntityManager, membership: Membership): Promise<void> {
  await keepAnOwner(tx, membership);
  await tx.nativeDelete(Membership, { id: membership.id });
  await tx.execute('update token set revoked_at = now() where account_id = ? and team_id = ? and revoked_at is null', [membership.accountId, membership.teamId]);
}
