import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { requireAccess, withinTeamsOf } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import type { EnvironmentKind } from '../../entities/environment-kind.js';
import { Environment } from '../../entities/environment.js';

interface Row {
  id: string;
  team_id: string;
  name: string;
  kind: EnvironmentKind;
  protected: boolean;
  created_at: string;
}

@Resolver()
export class EnvironmentQuery {
  @Query(() => [Environment], { description: 'The environments of all teams of the caller, or of one.' })
  async environments(@Ctx() { em, actor }: RequestContext, @Arg('teamId', () => ID, { nullable: true }) teamId: string | null) {
    const within = withinTeamsOf(actor, 'environment.team_id');
    const ofTeam = teamId == null ? null : await requireAccess(em, actor, 'Query.environments', 'team', teamId);
    const rows = await em.execute<Row[]>(
      `select id, team_id, name, kind, protected, created_at from environment
       where deleted_at is null and ${within.sql}${ofTeam ? ' and team_id = ?' : ''} order by created_at, id`,
      [...within.params, ...(ofTeam ? [ofTeam] : [])],
    );
    return rows.map(({ team_id, created_at, ...environment }) => ({ ...environment, teamId: team_id, createdAt: new Date(created_at) }));
  }
}
