import { Ctx, Query, Resolver } from 'type-graphql';
import { withinTeamsOf } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { Role } from '../../entities/roles.js';
import { Team } from '../../entities/team.js';
import { unauthenticated } from '../../errors.js';

interface TeamRow {
  id: string;
  name: string;
  personal: boolean;
  created_at: string;
  role: Role;
}

@Resolver()
export class TeamQuery {
  @Query(() => [Team], { description: "All of the caller's teams, with its role in each." })
  async teams(@Ctx() { em, actor }: RequestContext): Promise<Pick<Team, 'id' | 'name' | 'personal' | 'createdAt' | 'role'>[]> {
    if (actor.kind !== 'account') throw unauthenticated();
    const within = withinTeamsOf(actor, 'team.id');
    const rows = await em.execute<TeamRow[]>(
      `select team.id, team.name, team.personal, team.created_at, membership.role
       from team join membership on membership.team_id = team.id and membership.account_id = ?
       where team.deleted_at is null and ${within.sql} order by team.created_at, team.id`,
      [actor.accountId, ...within.params],
    );
    return rows.map(({ created_at, ...team }) => ({ ...team, createdAt: new Date(created_at) }));
  }
}
