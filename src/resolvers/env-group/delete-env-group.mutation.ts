import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { EnvGroup } from '../../entities/env-group.js';
import { ServiceEnvGroup } from '../../entities/service-env-group.js';
import { badRequest } from '../../errors.js';
import { inTransaction } from '../in-transaction.js';
import { readEnvGroup, type EnvGroupRow } from './env-group-rows.js';
import { lockGroup } from './lock-group.js';
import { attachedServices } from './redeploy-attached.js';

@Resolver()
export class DeleteEnvGroupMutation {
  @Mutation(() => EnvGroup, { description: 'Deletes a group. Refused while a service has it attached, unless forced: then it is detached, and what runs keeps its variables until its next deployment.' })
  async deleteEnvGroup(
    @Ctx() context: RequestContext,
    @Arg('id', () => ID) id: string,
    @Arg('force', () => Boolean, { nullable: true }) force: boolean | null,
  ): Promise<EnvGroupRow> {
    return inTransaction(context, async (tx) => {
      const group = await lockGroup(tx, context.actor, 'Mutation.deleteEnvGroup', id);
      const services = await attachedServices(tx, id);
      if (services.length > 0 && !force) {
        throw badRequest(`The group is attached to ${services.length === 1 ? 'a service' : `${services.length} services`}: detach it first, or force its deletion.`);
      }
      for (const service of services) await requireAccess(tx, context.actor, 'Mutation.detachEnvGroup', 'service', service);
      const last = await readEnvGroup(tx, id);
      await tx.nativeDelete(ServiceEnvGroup, { groupId: id });
      group.deletedAt = new Date();
      await recordAudit(tx, context, { action: 'deleteEnvGroup', teamId: group.teamId, target: { kind: 'envGroup', id, name: group.name }, before: { keys: last.keys ?? [], attachedTo: services } });
      return last;
    });
  }
}
