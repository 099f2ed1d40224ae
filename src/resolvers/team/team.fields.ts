import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { requireMember } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { Role, roleAtLeast } from '../../entities/roles.js';
import { Team } from '../../entities/team.js';
import { quotaOf, TeamQuota } from '../../entities/team-quota.js';
import { MembershipPayload } from '../../schema/membership.payload.js';
import { readMembers } from './team-rows.js';

@Resolver(() => Team)
export class TeamFields {
  constructor(private readonly defaults: Partial<TeamQuota>) {}

  @FieldResolver(() => TeamQuota, { description: 'Its limits: those that the operator gave it, else those of the installation.' })
  async quota(@Root() { id }: Team, @Ctx() { em }: RequestContext): Promise<TeamQuota> {
    const [row] = await em.execute<{ quota: Partial<TeamQuota> | null }[]>('select quota from team where id = ?', [id]);
    return quotaOf(row?.quota ?? null, this.defaults);
  }

  @FieldResolver(() => [MembershipPayload], { description: 'Its members and, for an ADMIN, who is invited.' })
  async members(@Root() { id }: Team, @Ctx() { em, actor }: RequestContext): Promise<MembershipPayload[]> {
    const role = await requireMember(em, actor, id);
    return readMembers(em, id, roleAtLeast(role, Role.ADMIN));
  }
}
