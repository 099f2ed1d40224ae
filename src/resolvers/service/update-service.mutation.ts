import { isDeepStrictEqual } from 'node:util';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import type { RequestContext } from '../../context.js';
import { HIDDEN } from '../../entities/audit-event.js';
import { DeploymentTrigger } from '../../entities/deployment-state.js';
import { Environment } from '../../entities/environment.js';
import { Service } from '../../entities/service.js';
import { AutoDeploy, isBuilt } from '../../entities/service-source.js';
import { VariableScope } from '../../entities/variable.js';
import { DEFAULT_RESOURCES, intentFaults, specOf, type WorkloadSpec } from '../../entities/workload-spec.js';
import type { Fault } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { invalidInput } from '../../schema/check-input.js';
import { preDeployOf } from '../../schema/workload.inputs.js';
import { UpdateServiceInput } from '../../schema/update-service.input.js';
import type { Vault } from '../../vault/vault.js';
import { changeIntent, startDeployment } from '../deployment/start-deployment.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { lockService } from './lock-service.js';
import { readService, type ServiceRow } from './service-rows.js';
import { hidden, setVariables } from './set-variables.js';
import { previewFaults, setPreviews } from './set-previews.js';
import { imageFaults, imageOf, sourceOf } from './source-of.js';

@Resolver()
export class UpdateServiceMutation {
  constructor(
    private readonly vault: Vault,
    private readonly orchestrator: Orchestrator,
  ) {}

  @Mutation(() => Service, { description: 'Changes a service. What makes a release is deployed anew; replicas and public take effect as they are. Needs a cluster.' })
  async updateService(
    @Ctx() context: RequestContext,
    @Arg('id', () => ID) id: string,
    @Arg('input', () => UpdateServiceInput) input: UpdateServiceInput,
  ): Promise<ServiceRow> {
    needsCluster(context.actor, this.orchestrator);
    const { orchestrator } = this;

    return inTransaction(context, async (tx) => {
      const service = await lockService(tx, context.actor, 'Mutation.updateService', id);
      const spec = changedSpec(service, input);
      const source = input.source === undefined ? service.source : sourceOf(input.source);
      const wasBuilt = isBuilt(service);
      const builds = source?.autoDeploy === AutoDeploy.BUILD;
      spec.image = imageOf({ ...service, image: spec.image, source }, orchestrator);
      const scale = { public: input.public ?? service.public, replicas: input.replicas ?? service.replicas };
      const faults = [...(await fixedFaults(tx, service, input)), ...intentFaults({ ...spec, ...scale }), ...imageFaults(source, input.image ?? (builds || wasBuilt ? null : service.image), input.buildSecrets), ...previewFaults({ name: service.name, source }, input.previews)];
      if (faults.length > 0) throw invalidInput(context, faults);

      const before = told(service);
      const isRelease = !isDeepStrictEqual(spec, specOf(service));
      const isScale = scale.public !== service.public || scale.replicas !== service.replicas;
      Object.assign(service, spec, scale);
      const hasNewSource = follow(service, input.source);
      if (input.deployTimeoutSeconds !== undefined) service.deployTimeoutSeconds = input.deployTimeoutSeconds;
      const hasNewPreviews = await setPreviews(tx, this.vault, service, input.previews);
      const hasNewVariables = await setVariables(tx, this.vault, service, input.env ?? {});
      const hasNewSecrets = await setVariables(tx, this.vault, service, input.buildSecrets ?? {}, VariableScope.BUILD);
      if (isRelease || hasNewVariables || ((hasNewSource || hasNewSecrets) && builds)) {
        await startDeployment(tx, { service, trigger: DeploymentTrigger.API, actor: context.actor, orchestrator });
      } else if (isScale) {
        await changeIntent(tx, service, orchestrator);
      } else {
        await tx.flush();
      }
      if (isRelease || isScale || hasNewVariables || hasNewSecrets || hasNewSource || hasNewPreviews) {
        const after = { ...told(service), env: hidden(input.env), ...(input.buildSecrets && { buildSecrets: hidden(input.buildSecrets) }) };
        await recordAudit(tx, context, { action: 'updateService', teamId: service.teamId, target: { kind: 'service', id: service.id, name: service.name }, before, after });
      }
      return readService(tx, service.id, orchestrator);
    });
  }
}

/** Another repository or branch has pushes of its own: what was last seen of the one before says nothing of them. */
function follow(service: Service, input: UpdateServiceInput['source']): boolean {
  if (input === undefined) return false;
  const source = sourceOf(input);
  if (isDeepStrictEqual(source, service.source)) return false;
  if (source?.repository !== service.source?.repository || source?.host !== service.source?.host || source?.branch !== service.source?.branch) service.lastPush = null;
  service.source = source;
  return true;
}

/** What the log tells of a service. */
const told = ({ image, containerPort, replicas, public: isPublic, command, args, source, previews }: Service) => ({
  image, containerPort, replicas, public: isPublic, command, args, source: source && [source.repository, source.branch, source.path ?? '', source.autoDeploy],
  previews: previews && [previews.enabled ? 'on' : 'off', previews.image ?? '', ...previews.needs, ...previews.variables.map((key) => `${key}=${HIDDEN}`)],
});

/** What was left out stays; null goes back to the default, for fields that have one. */
function changedSpec(service: Service, input: UpdateServiceInput): WorkloadSpec {
  const { image, command, args, containerPort, healthCheck, resources, preDeploy } = specOf(service);
  return {
    image: input.image ?? image,
    command: input.command === undefined ? command : input.command,
    args: input.args === undefined ? args : input.args,
    containerPort: input.containerPort === undefined ? containerPort : input.containerPort,
    healthCheck: input.healthCheck === undefined ? healthCheck : input.healthCheck && { ...input.healthCheck },
    resources:
      input.resources === null
        ? { ...DEFAULT_RESOURCES }
        : { cpu: input.resources?.cpu ?? resources.cpu, memory: input.resources?.memory ?? resources.memory },
    preDeploy: input.preDeploy === undefined ? (preDeploy ?? null) : preDeployOf(input.preDeploy),
  };
}

/** A service keeps its name, its team and its environment: all that it has in the cluster is called after them. */
async function fixedFaults(tx: EntityManager, service: Service, input: UpdateServiceInput): Promise<Fault[]> {
  const faults: Fault[] = [];
  const fixed = (path: string): void => void faults.push({ path, message: 'cannot be changed; deploy a new service instead' });
  if (input.name != null && input.name !== service.name) fixed('name');
  if (input.teamId != null && input.teamId !== service.teamId) fixed('teamId');
  if (input.environment != null) {
    const { name } = await tx.findOneOrFail(Environment, { id: service.environmentId });
    if (input.environment !== name) fixed('environment');
  }
  return faults;
}
