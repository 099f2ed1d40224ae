import type { EntityManager } from '@mikro-orm/postgresql';
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { newId } from '../../entities/columns.js';
import { DeploymentTrigger } from '../../entities/deployment-state.js';
import { Service } from '../../entities/service.js';
import { Variable, VariableKind, VariableScope } from '../../entities/variable.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { invalid } from '../../schema/check-input.js';
import { VARIABLE_NAME } from '../../schema/database.rules.js';
import type { Vault } from '../../vault/vault.js';
import { startDeployment } from '../deployment/start-deployment.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { lockService } from '../service/lock-service.js';
import { readService, type ServiceRow } from '../service/service-rows.js';
import { lockDatabase, refuseDeleted } from './lock-database.js';

@Resolver()
export class LinkDatabaseMutation {
  constructor(
    private readonly vault: Vault,
    private readonly orchestrator: Orchestrator,
  ) {}

  @Mutation(() => Service, {
    description: "Gives a service the address of a database, with its credentials, in a variable, and deploys it. The address is looked up at each deployment, which waits until the database is available. An update that takes the variable away undoes it. Needs a cluster.",
  })
  async linkDatabase(
    @Ctx() context: RequestContext,
    @Arg('serviceId', () => ID) serviceId: string,
    @Arg('databaseId', () => ID, { description: "In the service's environment." }) databaseId: string,
    @Arg('as', () => String, { defaultValue: 'DATABASE_URL', description: 'Name of the variable.' }) key: string,
  ): Promise<ServiceRow> {
    const { actor } = context;
    const faults = VARIABLE_NAME.safeParse(key).error?.issues ?? [];
    if (faults.length > 0) throw invalid(faults.map(({ message }) => ({ path: 'as', message })));
    needsCluster(actor, this.orchestrator);
    const { orchestrator } = this;

    return inTransaction(context, async (tx) => {
      const service = await lockService(tx, actor, 'Mutation.linkDatabase', serviceId);
      const database = await lockDatabase(tx, actor, 'Mutation.linkDatabase', databaseId);
      refuseDeleted(database);
      if (database.environmentId !== service.environmentId) {
        throw invalid([{ path: 'databaseId', message: 'must be a database of the environment that the service is in: others cannot be reached from there' }]);
      }
      if (await this.#refer(tx, service, key, database.id)) await startDeployment(tx, { service, trigger: DeploymentTrigger.API, actor, orchestrator });
      return readService(tx, service.id, orchestrator);
    });
  }

  /** The next revision of the variable; false where it already refers to the database. */
  async #refer(tx: EntityManager, service: Service, key: string, databaseId: string): Promise<boolean> {
    const [last] = await tx.find(Variable, { serviceId: service.id, scope: VariableScope.RUN, key }, { orderBy: { revision: 'desc' }, limit: 1 });
    if (last && last.replacedAt === null) {
      if (last.databaseId === databaseId) return false;
      last.replacedAt = new Date();
      await tx.flush();
    }
    const id = newId();
    await tx.insert(Variable, {
      id, serviceId: service.id, key, kind: VariableKind.REFERENCE, scope: VariableScope.RUN, revision: (last?.revision ?? 0) + 1, databaseId,
      sealedValue: await this.vault.seal(tx, service.teamId, id, `database/${databaseId}`), createdAt: new Date(), replacedAt: null,
    });
    return true;
  }
}
