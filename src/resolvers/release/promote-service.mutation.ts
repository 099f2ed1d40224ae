import { LockMode, type EntityManager } from '@mikro-orm/postgresql';
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { newId } from '../../entities/columns.js';
import { Deployment } from '../../entities/deployment.js';
import { DeploymentTrigger } from '../../entities/deployment-state.js';
import { Environment } from '../../entities/environment.js';
import { Release } from '../../entities/release.js';
import { Service } from '../../entities/service.js';
import { specOf } from '../../entities/workload-spec.js';
import { badRequest } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { readDeployment } from '../deployment/deployment-rows.js';
import { startDeployment } from '../deployment/start-deployment.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { claimHost } from '../service/claim-host.js';
import { lockService } from '../service/lock-service.js';
import type { DeploymentRow } from '../service/service-rows.js';

@Resolver()
export class PromoteServiceMutation {
  constructor(
    private readonly orchestrator: Orchestrator,
    private readonly domain: string,
  ) {}

  @Mutation(() => Deployment, {
    description:
      'Makes a release of the digest that serves here in another environment of the team, for the service of the same name, with the variables, replicas, address and limits that it has there. Where there is none, it is made, without variables. Needs a cluster.',
  })
  async promoteService(
    @Ctx() context: RequestContext,
    @Arg('id', () => ID) id: string,
    @Arg('toEnvironment', () => String, { description: 'Its name.' }) toEnvironment: string,
  ): Promise<DeploymentRow> {
    const { actor } = context;
    needsCluster(actor, this.orchestrator);
    const { orchestrator } = this;

    return inTransaction(context, async (tx) => {
      await requireAccess(tx, actor, 'Mutation.promoteService', 'service', id);
      const source = await tx.findOneOrFail(Service, { id });
      const target = await tx.findOne(Environment, { teamId: source.teamId, name: toEnvironment, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_READ });
      if (!target) throw badRequest('The environment does not exist.', [{ path: 'toEnvironment', message: 'does not exist in this team; create it first' }]);
      if (target.id === source.environmentId) throw badRequest('A service is promoted to another environment.', [{ path: 'toEnvironment', message: 'is the one that it is in' }]);
      await requireAccess(tx, actor, 'Mutation.promoteService', 'environment', target.id);
      const { release, digest } = await serving(tx, source);
      const service = await this.serviceThere(tx, actor, source, target.id);
      Object.assign(service, { ...specOf(release.spec), resources: service.resources });
      if (service.containerPort === null) service.public = false;
      const deployment = await startDeployment(tx, { service, trigger: DeploymentTrigger.PROMOTION, actor, orchestrator, pinned: { digest, fromReleaseId: release.id } });
      return readDeployment(tx, deployment.id);
    });
  }

  private async serviceThere(tx: EntityManager, actor: RequestContext['actor'], source: Service, environmentId: string): Promise<Service> {
    const known = await tx.findOne(Service, { environmentId, name: source.name, deletedAt: null });
    if (known) return lockService(tx, actor, 'Mutation.promoteService', known.id);
    const { teamId, name, replicas, resources, deployTimeoutSeconds } = source;
    const service = Object.assign(new Service(), specOf(source), { id: newId(), teamId, environmentId, name, public: source.public, replicas, resources: { ...resources }, deployTimeoutSeconds, generation: 0, createdAt: new Date() });
    await tx.persist(service).flush();
    await claimHost(tx, service, this.domain);
    return service;
  }
}

async function serving(tx: EntityManager, { currentDeploymentId }: Service): Promise<{ release: Release; digest: string | null }> {
  const current = currentDeploymentId ? await tx.findOne(Deployment, { id: currentDeploymentId }) : null;
  const release = current?.releaseId ? await tx.findOne(Release, { id: current.releaseId }) : null;
  if (!release) throw badRequest('Nothing of this service is live yet, so there is nothing to promote.');
  return { release, digest: release.digest ?? current?.digest ?? null };
}
