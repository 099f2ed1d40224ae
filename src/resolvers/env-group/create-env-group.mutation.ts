import { LockMode, UniqueConstraintViolationException, type EntityManager } from '@mikro-orm/postgresql';
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { requireAccess, requireTeam } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { newId } from '../../entities/columns.js';
import { EnvGroup } from '../../entities/env-group.js';
import { Environment } from '../../entities/environment.js';
import { invalidInput } from '../../schema/check-input.js';
import { CreateEnvGroupInput } from '../../schema/env-group.inputs.js';
import type { Vault } from '../../vault/vault.js';
import { inTransaction } from '../in-transaction.js';
import { readEnvGroup, type EnvGroupRow } from './env-group-rows.js';
import { setGroupVariables } from './set-group-variables.js';

@Resolver()
export class CreateEnvGroupMutation {
  constructor(private readonly vault: Vault) {}

  @Mutation(() => EnvGroup, { description: 'A new group of variables, for the services of a team to attach.' })
  async createEnvGroup(@Ctx() context: RequestContext, @Arg('input', () => CreateEnvGroupInput) input: CreateEnvGroupInput): Promise<EnvGroupRow> {
    return inTransaction(context, async (tx) => {
      const teamId = await requireTeam(tx, context.actor, 'Mutation.createEnvGroup', input.teamId);
      const environmentId = input.environment == null ? null : await environmentOf(tx, context, teamId, input.environment);
      const group = Object.assign(new EnvGroup(), { id: newId(), teamId, environmentId, name: input.name, createdAt: new Date() });
      try {
        await tx.persist(group).flush();
      } catch (error) {
        if (!(error instanceof UniqueConstraintViolationException)) throw error;
        throw invalidInput(context, [{ path: 'name', message: 'is already taken in this team' }]);
      }
      const keys = await setGroupVariables(tx, this.vault, group, input.variables ?? {});
      await recordAudit(tx, context, { action: 'createEnvGroup', teamId, target: { kind: 'envGroup', id: group.id, name: group.name }, after: { keys } });
      return readEnvGroup(tx, group.id);
    });
  }
}

async function environmentOf(tx: EntityManager, context: RequestContext, teamId: string, name: string): Promise<string> {
  const environment = await tx.findOne(Environment, { teamId, name, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_READ });
  if (!environment) throw invalidInput(context, [{ path: 'environment', message: 'does not exist in this team; create it first' }]);
  await requireAccess(tx, context.actor, 'Mutation.createEnvGroup', 'environment', environment.id);
  return environment.id;
}
