import { LockMode } from '@mikro-orm/postgresql';
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { requireId } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { Environment } from '../../entities/environment.js';
import { Team } from '../../entities/team.js';
import { quotaOf, TeamQuota } from '../../entities/team-quota.js';
import { notFound } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { TeamQuotaInput } from '../../schema/team-quota.input.js';
import { inTransaction } from '../in-transaction.js';

@Resolver()
export class SetTeamQuotaMutation {
  constructor(
    private readonly orchestrator: Orchestrator,
    private readonly defaults: Partial<TeamQuota>,
  ) {}

  @Mutation(() => TeamQuota, { description: 'Changes the limits of a team, whosever it is. What is above a new limit goes on running; nothing is added to it. Only the operator may.' })
  async setTeamQuota(@Ctx() context: RequestContext, @Arg('teamId', () => ID) teamId: string, @Arg('input', () => TeamQuotaInput) input: TeamQuotaInput): Promise<TeamQuota> {
    return inTransaction(context, async (tx) => {
      const team = await tx.findOne(Team, { id: requireId(teamId), deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (!team) throw notFound();
      const before = { ...quotaOf(team.quota, this.defaults) };
      const own = { ...team.quota, ...Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) };
      team.quota = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== null));
      await tx.flush();
      for (const { id } of await tx.find(Environment, { teamId, deletedAt: null }, { orderBy: { id: 'asc' } })) await this.orchestrator.wake(tx, `environment/${id}`);
      const after = quotaOf(team.quota, this.defaults);
      await recordAudit(tx, context, { action: 'setTeamQuota', teamId, target: { kind: 'team', id: teamId, name: team.name }, before, after: { ...after } });
      return after;
    });
  }
}
