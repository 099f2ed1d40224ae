import type { EntityManager } from '@mikro-orm/postgresql';
import { Arg, Ctx, ID, Int, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { Deployment } from '../../entities/deployment.js';
import { DeploymentTrigger } from '../../entities/deployment-state.js';
import { Release } from '../../entities/release.js';
import type { Service } from '../../entities/service.js';
import { Variable, VariableScope } from '../../entities/variable.js';
import { specOf } from '../../entities/workload-spec.js';
import { badRequest } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import type { Vault } from '../../vault/vault.js';
import { readDeployment } from '../deployment/deployment-rows.js';
import { startDeployment } from '../deployment/start-deployment.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { lockService } from '../service/lock-service.js';
import type { DeploymentRow } from '../service/service-rows.js';
import { setVariables } from '../service/set-variables.js';

@Resolver()
export class RollbackServiceMutation {
  constructor(
    private readonly vault: Vault,
    private readonly orchestrator: Orchestrator,
  ) {}

  @Mutation(() => Deployment, {
    description:
      'Deploys an earlier release as it was: the same digest, the same revisions of the variables, and no pre-deploy step. The service itself is set back to it, so that the next deploy goes on from there; replicas and public stay. Needs a cluster.',
  })
  async rollbackService(
    @Ctx() context: RequestContext,
    @Arg('id', () => ID) id: string,
    @Arg('toRelease', () => Int, { description: 'The number of the release.' }) toRelease: number,
  ): Promise<DeploymentRow> {
    const { actor } = context;
    needsCluster(actor, this.orchestrator);
    const { orchestrator } = this;

    return inTransaction(context, async (tx) => {
      const service = await lockService(tx, actor, 'Mutation.rollbackService', id);
      const release = await tx.findOne(Release, { serviceId: id, number: toRelease });
      if (!release) throw badRequest(`The service has no release ${toRelease}.`, [{ path: 'release', message: 'is not the number of a release of this service' }]);
      await setBack(tx, this.vault, service, release);
      const pinned = { release, digest: release.digest ?? (await ranDigest(tx, release.id)) };
      const deployment = await startDeployment(tx, { service, trigger: DeploymentTrigger.ROLLBACK, actor, orchestrator, pinned });
      return readDeployment(tx, deployment.id);
    });
  }
}

/** The intent follows: what makes a release is as it was then, and its own variables have the values of then, as new revisions. */
async function setBack(tx: EntityManager, vault: Vault, service: Service, release: Release): Promise<void> {
  Object.assign(service, specOf(release.spec));
  // A worker has no address.
  if (service.containerPort === null) service.public = false;
  const then = release.variableIds.length > 0 ? await tx.find(Variable, { id: { $in: release.variableIds }, serviceId: service.id }) : [];
  const now = await tx.find(Variable, { serviceId: service.id, scope: VariableScope.RUN, replacedAt: null });
  const changes: Record<string, string | null> = Object.fromEntries(now.map(({ key }) => [key, null]));
  for (const { id, key, sealedValue } of then) changes[key] = await vault.open(tx, service.teamId, id, sealedValue);
  await setVariables(tx, vault, service, changes);
}

/** What a release ran whose tag could not be resolved: the digest that its pods had. */
async function ranDigest(tx: EntityManager, releaseId: string): Promise<string | null> {
  const [ran] = await tx.execute<{ digest: string }[]>(
    'select digest from deployment where release_id = ? and digest is not null order by created_at desc limit 1',
    [releaseId],
  );
  return ran?.digest ?? null;
}
