import { UniqueConstraintViolationException } from '@mikro-orm/postgresql';
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import type { RequestContext } from '../../context.js';
import { EnvGroup } from '../../entities/env-group.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { invalidInput } from '../../schema/check-input.js';
import { UpdateEnvGroupInput } from '../../schema/env-group.inputs.js';
import type { Vault } from '../../vault/vault.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { readEnvGroup, type EnvGroupRow } from './env-group-rows.js';
import { lockGroup } from './lock-group.js';
import { attachedServices, redeploy } from './redeploy-attached.js';
import { setGroupVariables } from './set-group-variables.js';

@Resolver()
export class UpdateEnvGroupMutation {
  constructor(
    private readonly vault: Vault,
    private readonly orchestrator: Orchestrator,
  ) {}

  @Mutation(() => EnvGroup, { description: 'Changes a group. What runs keeps the revision that it was deployed with, until its next deployment; with `redeploy: true` that begins at once.' })
  async updateEnvGroup(
    @Ctx() context: RequestContext,
    @Arg('id', () => ID) id: string,
    @Arg('input', () => UpdateEnvGroupInput) input: UpdateEnvGroupInput,
  ): Promise<EnvGroupRow> {
    if (input.redeploy) needsCluster(context.actor, this.orchestrator);
    return inTransaction(context, async (tx) => {
      const group = await lockGroup(tx, context.actor, 'Mutation.updateEnvGroup', id);
      const before = { name: group.name, revision: group.revision };
      try {
        group.name = input.name ?? group.name;
        await tx.flush();
      } catch (error) {
        if (!(error instanceof UniqueConstraintViolationException)) throw error;
        throw invalidInput(context, [{ path: 'name', message: 'is already taken in this team' }]);
      }
      const keys = await setGroupVariables(tx, this.vault, group, input.variables ?? {});
      const services = input.redeploy ? await attachedServices(tx, id) : [];
      await redeploy(tx, services, context.actor, this.orchestrator);
      const after = { name: group.name, revision: group.revision, changed: keys, redeployed: services };
      await recordAudit(tx, context, { action: 'updateEnvGroup', teamId: group.teamId, target: { kind: 'envGroup', id, name: group.name }, before, after });
      return readEnvGroup(tx, id);
    });
  }
}
