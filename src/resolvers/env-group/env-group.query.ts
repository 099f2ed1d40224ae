import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { requireAccess, withinTeamsOf } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { EnvGroup } from '../../entities/env-group.js';
import { readEnvGroup, readEnvGroups, type EnvGroupRow } from './env-group-rows.js';

@Resolver()
export class EnvGroupQuery {
  @Query(() => [EnvGroup], { description: 'The groups of all teams of the caller, or of one, oldest first.' })
  async envGroups(@Ctx() { em, actor }: RequestContext, @Arg('teamId', () => ID, { nullable: true }) teamId: string | null): Promise<EnvGroupRow[]> {
    const ofTeam = teamId == null ? null : await requireAccess(em, actor, 'Query.envGroups', 'team', teamId);
    return readEnvGroups(em, [withinTeamsOf(actor, 'env_group.team_id'), ...(ofTeam ? [{ sql: 'env_group.team_id = ?', params: [ofTeam] }] : [])]);
  }

  @Query(() => EnvGroup)
  async envGroup(@Ctx() { em, actor }: RequestContext, @Arg('id', () => ID) id: string): Promise<EnvGroupRow> {
    await requireAccess(em, actor, 'Query.envGroup', 'envGroup', id);
    return readEnvGroup(em, id);
  }
}
