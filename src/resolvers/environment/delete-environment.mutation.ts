import { LockMode } from '@mikro-orm/postgresql';
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { EnvGroup } from '../../entities/env-group.js';
import { Environment, PRODUCTION } from '../../entities/environment.js';
import { ManagedDatabase } from '../../entities/managed-database.js';
import { Service } from '../../entities/service.js';
import { badRequest, notFound } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { inTransaction } from '../in-transaction.js';

@Resolver()
export class DeleteEnvironmentMutation {
  constructor(private readonly orchestrator: Orchestrator) {}

  @Mutation(() => Environment, { description: 'Deletes an environment that has no service and no database, and never `production`.' })
  async deleteEnvironment(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<Environment> {
    return inTransaction(context, async (tx) => {
      await requireAccess(tx, context.actor, 'Mutation.deleteEnvironment', 'environment', id);
      const environment = await tx.findOne(Environment, { id, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (!environment) throw notFound();
      if (environment.name === PRODUCTION) throw badRequest(`The environment "${PRODUCTION}" cannot be deleted: every team has it.`);
      const services = await tx.count(Service, { environmentId: id, deletedAt: null });
      if (services > 0) {
        throw badRequest(`The environment "${environment.name}" still has ${services === 1 ? 'a service' : `${services} services`}: delete ${services === 1 ? 'it' : 'them'} first.`);
      }
      const databases = await tx.count(ManagedDatabase, { environmentId: id });
      if (databases > 0) {
        throw badRequest(`The environment "${environment.name}" still has ${databases === 1 ? 'a database' : `${databases} databases`} (deleted ones that are still kept included): delete ${databases === 1 ? 'it' : 'them'} with "force" first.`);
      }
      const groups = await tx.count(EnvGroup, { environmentId: id, deletedAt: null });
      if (groups > 0) throw badRequest(`The environment "${environment.name}" still has ${groups === 1 ? 'an environment group' : `${groups} environment groups`} of its own: delete ${groups === 1 ? 'it' : 'them'} first.`);
      environment.deletedAt = new Date();
      await tx.flush();
      await this.orchestrator.wake(tx, `environment/${id}`);
      await recordAudit(tx, context, { action: 'deleteEnvironment', teamId: environment.teamId, target: { kind: 'environment', id, name: environment.name } });
      return environment;
    });
  }
}
