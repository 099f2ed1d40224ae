import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import type { RequestContext } from '../../context.js';
import { Membership } from '../../entities/membership.js';
import { MembershipPayload } from '../../schema/membership.payload.js';
import { ChangeMemberInput } from '../../schema/team.inputs.js';
import { Role } from '../../entities/roles.js';
import { inTransaction } from '../in-transaction.js';
import { findMember, requireRank } from './find-member.js';
import { keepAnOwner, lockTeam } from './lock-team.js';

@Resolver()
export class ChangeMemberRoleMutation {
  @Mutation(() => MembershipPayload, { description: 'Gives a member, or who is invited, another role.' })
  async changeMemberRole(
    @Ctx() context: RequestContext,
    @Arg('teamId', () => ID) teamId: string,
    @Arg('id', () => ID, { description: 'Of the membership.' }) id: string,
    @Arg('input', () => ChangeMemberInput) { role }: ChangeMemberInput,
  ): Promise<MembershipPayload> {
    return inTransaction(context, async (tx) => {
      const { role: own } = await lockTeam(tx, context.actor, 'Mutation.changeMemberRole', teamId);
      const { row, shown } = await findMember(tx, teamId, id);
      requireRank(own, row.role, role);
      if (row instanceof Membership && role !== Role.OWNER) await keepAnOwner(tx, row);
      const before = { role: row.role };
      row.role = role;
      await recordAudit(tx, context, { action: 'changeMemberRole', teamId, target: { kind: 'membership', id, name: shown.email ?? shown.name }, before, after: { role } });
      return { ...shown, role };
    });
  }
}
