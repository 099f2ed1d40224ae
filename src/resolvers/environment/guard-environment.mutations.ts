import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { requireAccess, requireId } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { newId } from '../../entities/columns.js';
import { EnvironmentRole } from '../../entities/environment-role.js';
import { Environment } from '../../entities/environment.js';
import { Membership } from '../../entities/membership.js';
import { notFound } from '../../errors.js';
import { NarrowRoleInput, UpdateEnvironmentInput } from '../../schema/environment.inputs.js';
import { NarrowedRole } from '../../schema/narrowed-role.payload.js';
import { inTransaction } from '../in-transaction.js';
import { requireRank } from '../team/find-member.js';
import { lockTeam } from '../team/lock-team.js';

@Resolver()
export class GuardEnvironmentMutations {
  @Mutation(() => Environment, { description: 'Protects an environment, or no longer: there, what asks for DEVELOPER elsewhere asks for ADMIN.' })
  async updateEnvironment(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string, @Arg('input', () => UpdateEnvironmentInput) input: UpdateEnvironmentInput): Promise<Environment> {
    return inTransaction(context, async (tx) => {
      const teamId = await requireAccess(tx, context.actor, 'Mutation.updateEnvironment', 'environment', id);
      const environment = await tx.findOneOrFail(Environment, { id });
      const before = { protected: environment.protected };
      environment.protected = input.protected;
      await recordAudit(tx, context, { action: 'updateEnvironment', teamId, target: { kind: 'environment', id, name: environment.name }, before, after: { protected: input.protected } });
      return environment;
    });
  }

  @Mutation(() => NarrowedRole, { description: 'Narrows what a member may do in one environment, or lifts that.' })
  async narrowRole(@Ctx() context: RequestContext, @Arg('input', () => NarrowRoleInput) input: NarrowRoleInput): Promise<NarrowedRole> {
    const { environmentId, membershipId, role = null } = input;
    return inTransaction(context, async (tx) => {
      const teamId = await requireAccess(tx, context.actor, 'Mutation.narrowRole', 'environment', environmentId);
      const { role: own } = await lockTeam(tx, context.actor, 'Mutation.narrowRole', teamId);
      const membership = await tx.findOne(Membership, { id: requireId(membershipId), teamId });
      if (!membership) throw notFound();
      requireRank(own, membership.role);
      const earlier = await tx.findOne(EnvironmentRole, { membershipId, environmentId });
      const before = { role: earlier?.role ?? null };
      if (role === null) {
        if (earlier) tx.remove(earlier);
      } else if (earlier) earlier.role = role;
      else tx.create(EnvironmentRole, { id: newId(), membershipId, environmentId, role, createdAt: new Date() });
      await tx.flush();
      await recordAudit(tx, context, { action: 'narrowRole', teamId, target: { kind: 'membership', id: membershipId }, before, after: { role, environmentId } });
      return { environmentId, membershipId, role };
    });
  }
}
