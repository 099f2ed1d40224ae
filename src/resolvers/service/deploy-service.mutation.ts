import { LockMode, UniqueConstraintViolationException, type EntityManager } from '@mikro-orm/postgresql';
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { requireAccess, requireTeam } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { newId } from '../../entities/columns.js';
import { DeploymentTrigger } from '../../entities/deployment-state.js';
import { Environment, PRODUCTION } from '../../entities/environment.js';
import { Service } from '../../entities/service.js';
import { VariableScope } from '../../entities/variable.js';
import { DEFAULT_RESOURCES, intentFaults } from '../../entities/workload-spec.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { invalidInput } from '../../schema/check-input.js';
import { DeployServiceInput } from '../../schema/deploy-service.input.js';
import { preDeployOf } from '../../schema/workload.inputs.js';
import type { Vault } from '../../vault/vault.js';
import { startDeployment } from '../deployment/start-deployment.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { imageFaults, imageOf, sourceOf } from './source-of.js';
import { claimHost } from './claim-host.js';
import { previewFaults, setPreviews } from './set-previews.js';
import { readService, type ServiceRow } from './service-rows.js';
import { hidden, setVariables } from './set-variables.js';

@Resolver()
export class DeployServiceMutation {
  constructor(
    private readonly vault: Vault,
    private readonly orchestrator: Orchestrator,
    private readonly domain: string,
  ) {}

  @Mutation(() => Service, { description: 'A new service and its first deployment. Needs a cluster.' })
  async deployService(@Ctx() context: RequestContext, @Arg('input', () => DeployServiceInput) input: DeployServiceInput): Promise<ServiceRow> {
    const intent = intentOf(input);
    const faults = [...intentFaults(intent), ...imageFaults(intent.source, input.image, input.buildSecrets), ...previewFaults(intent, input.previews)];
    if (faults.length > 0) throw invalidInput(context, faults);
    needsCluster(context.actor, this.orchestrator);

    return inTransaction(context, async (tx) => {
      const teamId = await requireTeam(tx, context.actor, 'Mutation.deployService', input.teamId);
      const environmentId = await this.environment(tx, context, teamId, input.environment ?? PRODUCTION);
      const service = await create(tx, context, this.orchestrator, { ...intent, teamId, environmentId });
      await claimHost(tx, service, this.domain);
      await setVariables(tx, this.vault, service, input.env ?? {});
      await setVariables(tx, this.vault, service, input.buildSecrets ?? {}, VariableScope.BUILD);
      await setPreviews(tx, this.vault, service, input.previews);
      await startDeployment(tx, { service, trigger: DeploymentTrigger.API, actor: context.actor, orchestrator: this.orchestrator });
      const after = { image: service.image, replicas: service.replicas, public: service.public, env: hidden(input.env), ...(input.buildSecrets && { buildSecrets: hidden(input.buildSecrets) }) };
      await recordAudit(tx, context, { action: 'deployService', teamId, target: { kind: 'service', id: service.id, name: service.name }, after });
      return readService(tx, service.id, this.orchestrator);
    });
  }

  /** Shared with other deploys, but an environment that is being deleted is waited for. */
  private async environment(tx: EntityManager, context: RequestContext, teamId: string, name: string): Promise<string> {
    const environment = await tx.findOne(Environment, { teamId, name, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_READ });
    if (!environment) throw invalidInput(context, [{ path: 'environment', message: 'does not exist in this team; create it first' }]);
    await requireAccess(tx, context.actor, 'Mutation.deployService', 'environment', environment.id);
    return environment.id;
  }
}

type Intent = Pick<Service, 'name' | 'image' | 'command' | 'args' | 'containerPort' | 'public' | 'replicas' | 'healthCheck' | 'resources' | 'preDeploy' | 'deployTimeoutSeconds' | 'source'>;

const intentOf = (input: DeployServiceInput): Intent => ({
  name: input.name,
  image: input.image ?? '',
  command: input.command ?? null,
  args: input.args ?? null,
  containerPort: input.containerPort ?? null,
  public: input.public ?? false,
  replicas: input.replicas ?? 1,
  healthCheck: input.healthCheck ? { ...input.healthCheck } : null,
  resources: { cpu: input.resources?.cpu ?? DEFAULT_RESOURCES.cpu, memory: input.resources?.memory ?? DEFAULT_RESOURCES.memory },
  source: sourceOf(input.source),
  preDeploy: preDeployOf(input.preDeploy),
  deployTimeoutSeconds: input.deployTimeoutSeconds ?? null,
});

async function create(tx: EntityManager, context: RequestContext, orchestrator: Orchestrator, intent: Intent & Pick<Service, 'teamId' | 'environmentId'>): Promise<Service> {
  const service = Object.assign(new Service(), intent, { id: newId(), generation: 0, createdAt: new Date() });
  service.image = imageOf(service, orchestrator);
  try {
    await tx.persist(service).flush();
  } catch (error) {
    if (!(error instanceof UniqueConstraintViolationException)) throw error;
    throw invalidInput(context, [{ path: 'name', message: 'is already taken in this environment' }]);
  }
  return service;
}
