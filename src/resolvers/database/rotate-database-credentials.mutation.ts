import { LockMode } from '@mikro-orm/postgresql';
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { DeploymentTrigger } from '../../entities/deployment-state.js';
import { ManagedDatabase } from '../../entities/managed-database.js';
import { Service } from '../../entities/service.js';
import { badRequest } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import type { Vault } from '../../vault/vault.js';
import { startDeployment } from '../deployment/start-deployment.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { newPassword } from './create-database.mutation.js';
import { readDatabase, type DatabaseRow } from './database-rows.js';
import { linkedServices } from './linked-services.js';
import { changeDatabase, lockDatabase, refuseDeleted } from './lock-database.js';

@Resolver()
export class RotateDatabaseCredentialsMutation {
  constructor(
    private readonly vault: Vault,
    private readonly orchestrator: Orchestrator,
  ) {}

  @Mutation(() => ManagedDatabase, { description: 'A new password. The services that are linked are deployed again with it; until then their new connections are refused. Needs a cluster.' })
  async rotateDatabaseCredentials(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<DatabaseRow> {
    const { actor } = context;
    needsCluster(actor, this.orchestrator);
    const { orchestrator } = this;

    return inTransaction(context, async (tx) => {
      // The services first, as every other writer of both takes them.
      const linked = await linkedServices(tx, id);
      const services = await tx.find(Service, { id: { $in: linked.map((service) => service.id) }, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { id: 'asc' } });
      const database = await lockDatabase(tx, actor, 'Mutation.rotateDatabaseCredentials', id);
      refuseDeleted(database);
      if (database.paused) throw badRequest(`The database "${database.name}" is paused: resume it first.`);
      if (database.sealedNextPassword) throw badRequest(`The credentials of "${database.name}" are already being rotated.`);
      database.sealedNextPassword = await this.vault.seal(tx, database.teamId, database.id, newPassword());
      await changeDatabase(tx, database, orchestrator);
      for (const service of services) await startDeployment(tx, { service, trigger: DeploymentTrigger.REDEPLOY, actor, orchestrator });
      return readDatabase(tx, id);
    });
  }
}
