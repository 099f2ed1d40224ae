import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import type { RequestContext } from '../../context.js';
import { Team } from '../../entities/team.js';
import { UpdateTeamInput } from '../../schema/team.inputs.js';
import { inTransaction } from '../in-transaction.js';
import { lockTeam } from './lock-team.js';
import type { TeamRow } from './team-rows.js';

@Resolver()
export class UpdateTeamMutation {
  @Mutation(() => Team, { description: 'Renames a team.' })
  async updateTeam(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string, @Arg('input', () => UpdateTeamInput) { name }: UpdateTeamInput): Promise<TeamRow> {
    return inTransaction(context, async (tx) => {
      const { team, role } = await lockTeam(tx, context.actor, 'Mutation.updateTeam', id);
      const before = { name: team.name };
      team.name = name.trim();
      await recordAudit(tx, context, { action: 'updateTeam', teamId: id, target: { kind: 'team', id, name: team.name }, before, after: { name: team.name } });
      return { id, name: team.name, personal: team.personal, createdAt: team.createdAt, role };
    });
  }
}
