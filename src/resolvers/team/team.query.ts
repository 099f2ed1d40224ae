import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { Team } from '../../entities/team.js';
import { notFound } from '../../errors.js';
import { readTeams, type TeamRow } from './team-rows.js';

@Resolver()
export class TeamQuery {
  @Query(() => [Team], { description: "All of the caller's teams, with its role in each." })
  teams(@Ctx() { em, actor }: RequestContext): Promise<TeamRow[]> {
    return readTeams(em, actor);
  }

  @Query(() => Team)
  async team(@Ctx() { em, actor }: RequestContext, @Arg('id', () => ID) id: string): Promise<TeamRow> {
    await requireAccess(em, actor, 'Query.team', 'team', id);
    const [team] = await readTeams(em, actor, id);
    if (!team) throw notFound();
    return team;
  }
}
