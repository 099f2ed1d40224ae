import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { EnvGroupVariable } from '../../entities/env-group-variable.js';
import { EnvGroup } from '../../entities/env-group.js';
import { Service } from '../../entities/service.js';
import { RevealedVariable, VariableOrigin } from '../../schema/effective-variable.payload.js';
import type { Vault } from '../../vault/vault.js';
import { inTransaction } from '../in-transaction.js';
import { effectiveVariables } from './effective-variables.js';

/** Mutations, because each look writes the team's log. */
@Resolver()
export class RevealVariablesMutation {
  constructor(private readonly vault: Vault) {}

  @Mutation(() => [RevealedVariable], { description: "The values that a service gets. Each look is in the team's log." })
  async revealVariables(@Ctx() context: RequestContext, @Arg('serviceId', () => ID) serviceId: string): Promise<RevealedVariable[]> {
    return inTransaction(context, async (tx) => {
      const teamId = await requireAccess(tx, context.actor, 'Mutation.revealVariables', 'service', serviceId);
      const { name } = await tx.findOneOrFail(Service, { id: serviceId });
      const rows = await effectiveVariables(tx, [serviceId]);
      await recordAudit(tx, context, { action: 'revealVariables', teamId, target: { kind: 'service', id: serviceId, name }, after: { keys: rows.map(({ key }) => key) } });
      return Promise.all(
        rows.map(async ({ id, key, sealedValue, groupId, groupName }) => ({
          key, groupName, origin: groupId ? VariableOrigin.GROUP : VariableOrigin.SERVICE, value: await this.vault.open(tx, teamId, id, sealedValue),
        })),
      );
    });
  }

  @Mutation(() => [RevealedVariable], { description: "The values of a group. Each look is in the team's log." })
  async revealEnvGroup(@Ctx() context: RequestContext, @Arg('id', () => ID) groupId: string): Promise<RevealedVariable[]> {
    return inTransaction(context, async (tx) => {
      const teamId = await requireAccess(tx, context.actor, 'Mutation.revealEnvGroup', 'envGroup', groupId);
      // What services of a protected environment get is for those who may see it there.
      for (const { id } of await tx.execute<{ id: string }[]>('select distinct service.environment_id as id from service join service_env_group on service_id = service.id where group_id = ? and service.deleted_at is null', [groupId])) {
        await requireAccess(tx, context.actor, 'Mutation.revealEnvGroup', 'environment', id);
      }
      const { name } = await tx.findOneOrFail(EnvGroup, { id: groupId });
      const rows = await tx.find(EnvGroupVariable, { groupId, replacedAt: null }, { orderBy: { key: 'asc' } });
      await recordAudit(tx, context, { action: 'revealEnvGroup', teamId, target: { kind: 'envGroup', id: groupId, name }, after: { keys: rows.map(({ key }) => key) } });
      return Promise.all(
        rows.map(async ({ id, key, sealedValue }) => ({ key, groupName: name, origin: VariableOrigin.GROUP, value: await this.vault.open(tx, teamId, id, sealedValue) })),
      );
    });
  }
}
