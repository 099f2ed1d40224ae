import { LockMode, UniqueConstraintViolationException, type EntityManager } from '@mikro-orm/postgresql';
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { requireTeam } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { newId } from '../../entities/columns.js';
import { Environment, namespaceFor } from '../../entities/environment.js';
import { Installation } from '../../entities/installation.js';
import { Team } from '../../entities/team.js';
import { quotaOf, type TeamQuota } from '../../entities/team-quota.js';
import { badRequest } from '../../errors.js';
import { invalidInput } from '../../schema/check-input.js';
import { CreateEnvironmentInput } from '../../schema/create-environment.input.js';
import { inTransaction } from '../in-transaction.js';

@Resolver()
export class CreateEnvironmentMutation {
  constructor(private readonly quotaDefaults: Partial<TeamQuota>) {}

  @Mutation(() => Environment, { description: 'A new stage of a team. Its namespace is made with its first service.' })
  async createEnvironment(
    @Ctx() context: RequestContext,
    @Arg('input', () => CreateEnvironmentInput) { name, teamId: wanted }: CreateEnvironmentInput,
  ): Promise<Environment> {
    return inTransaction(context, async (tx) => {
      const teamId = await requireTeam(tx, context.actor, 'Mutation.createEnvironment', wanted);
      await this.requireRoom(tx, teamId);
      const installation = await tx.findOneOrFail(Installation, { only: true });
      const id = newId();
      const environment = Object.assign(new Environment(), { id, teamId, name, namespace: namespaceFor(installation.id, id, name), createdAt: new Date() });
      try {
        await tx.persist(environment).flush();
      } catch (error) {
        if (!(error instanceof UniqueConstraintViolationException)) throw error;
        throw invalidInput(context, [{ path: 'name', message: 'is already taken in this team' }]);
      }
      await recordAudit(tx, context, { action: 'createEnvironment', teamId, target: { kind: 'environment', id, name } });
      return environment;
    });
  }

  /** The team stays locked, so that two of them do not take the same last place. */
  private async requireRoom(tx: EntityManager, teamId: string): Promise<void> {
    const team = await tx.findOneOrFail(Team, { id: teamId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    const { environments } = quotaOf(team.quota, this.quotaDefaults);
    if ((await tx.count(Environment, { teamId, deletedAt: null })) < environments) return;
    throw badRequest(`The team has reached its limit of ${environments} environments. Delete one, or ask the operator of this installation to raise the limit.`);
  }
}
