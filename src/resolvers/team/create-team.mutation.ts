import { Arg, Ctx, Info, Mutation, Resolver } from 'type-graphql';
import type { GraphQLResolveInfo } from 'graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { limitCostlyField } from '../../auth/costly-field.js';
import { newTeam } from '../../auth/new-team.js';
import { requireAccount } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import type { Database } from '../../entities/database.js';
import { Installation } from '../../entities/installation.js';
import { Role } from '../../entities/roles.js';
import { Team } from '../../entities/team.js';
import { forbidden } from '../../errors.js';
import { CreateTeamInput } from '../../schema/team.inputs.js';
import type { Vault } from '../../vault/vault.js';
import { inTransaction } from '../in-transaction.js';
import type { TeamRow } from './team-rows.js';

const CALLS_A_MINUTE = 60;

@Resolver()
export class CreateTeamMutation {
  constructor(
    private readonly orm: Database,
    private readonly vault: Vault,
  ) {}

  @Mutation(() => Team, { description: 'A new team, with the environment `production`; the caller is its first owner.' })
  async createTeam(@Ctx() context: RequestContext, @Info() info: GraphQLResolveInfo, @Arg('input', () => CreateTeamInput) { name }: CreateTeamInput): Promise<TeamRow> {
    const { accountId, teamId } = requireAccount(context.actor);
    if (teamId) throw forbidden('This token is held to one team.');
    await limitCostlyField(this.orm.em.fork(), context, info, CALLS_A_MINUTE);
    return inTransaction(context, async (tx) => {
      const { id: installationId } = await tx.findOneOrFail(Installation, { only: true });
      const team = await newTeam(tx, this.vault, installationId, { name: name.trim(), personal: false, accountId });
      await recordAudit(tx, context, { action: 'createTeam', teamId: team.id, target: { kind: 'team', id: team.id, name: team.name } });
      return { id: team.id, name: team.name, personal: false, createdAt: team.createdAt, role: Role.OWNER };
    });
  }
}
