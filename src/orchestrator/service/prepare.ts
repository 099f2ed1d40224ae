import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Build } from '../../entities/build.js';
import { newId } from '../../entities/columns.js';
import { moveDeployment, noteProgress } from '../../entities/deployment-log.js';
import { StepName, StepState } from '../../entities/deployment-event.js';
import { DeploymentState, DeploymentTrigger, ReasonCode } from '../../entities/deployment-state.js';
import type { Deployment } from '../../entities/deployment.js';
import type { Fence } from '../../entities/fence.js';
import { Release } from '../../entities/release.js';
import type { ImageRegistry, Resolution } from '../../outside/image-registry.js';
import { parseImage } from '../../outside/image-reference.js';
import type { Vault } from '../../vault/vault.js';
import type { ImageHomes } from '../build/image-homes.js';
import type { ServiceFacts } from './facts.js';
import { manifestHash } from './manifest-hash.js';
import { lockService, setColumns } from './observation.js';
import { registryLogin } from './registry-login.js';
import { openVariables, unresolved } from './variables.js';

const REASONS = { 'not-found': ReasonCode.IMAGE_NOT_FOUND, unauthorized: ReasonCode.IMAGE_UNAUTHORIZED, refused: ReasonCode.IMAGE_UNAUTHORIZED } as const;

/** Takes a deployment from QUEUED to ROLLING_OUT, past its build where it has one: the tag becomes a digest, and the release is written. */
export class Preparation {
  constructor(
    private readonly orm: MikroORM,
    private readonly vault: Pick<Vault, 'open'>,
    private readonly registry: ImageRegistry,
    private readonly homes: ImageHomes,
  ) {}

  /** One step; the caller then reads everything afresh. */
  async advance(facts: ServiceFacts, deployment: Deployment, fence: Fence, signal: AbortSignal): Promise<void> {
    if (deployment.state === DeploymentState.QUEUED) return this.#begin(deployment, fence);
    const image = deployment.spec.image;
    const reference = parseImage(image);
    const registry = reference?.registry ?? null;
    if (reference && this.homes.isOfOtherTeam(reference, facts.service.teamId)) {
      return this.#fail(facts, deployment, { kind: 'unauthorized', message: `The image ${image} is another team's.` }, fence);
    }
    const { teamId } = facts.service;
    const own = reference && this.homes.find(reference, teamId);
    const login = own ? own.pullLogin() : registry ? await registryLogin(this.orm.em.fork(), this.vault, teamId, registry) : null;
    const rollOut = (digest: string | null): Promise<void> => this.#rollOut(facts, deployment, { digest, pullRegistry: login ? registry : null }, fence);
    // A rollback names its release; a promotion runs the digest that it was given, wherever the tag has gone.
    if (deployment.releaseId || deployment.digest) return rollOut(deployment.digest);
    if (await this.#isToBeBuilt(deployment)) return this.#build(deployment, fence);
    const resolution = (own && (await this.homes.resolve(reference, teamId, signal))) ?? (await this.registry.resolve(image, login, signal));
    if (resolution.kind === 'not-found' || resolution.kind === 'unauthorized' || resolution.kind === 'refused') return this.#fail(facts, deployment, resolution, fence);
    await rollOut(resolution.kind === 'found' ? resolution.digest : (parseImage(image)?.digest ?? null));
  }

  /** The build has made its image: the rest goes the usual way. */
  async built(facts: ServiceFacts, deployment: Deployment, digest: string, fence: Fence): Promise<void> {
    const reference = parseImage(deployment.spec.image);
    const login = reference && this.homes.find(reference, facts.service.teamId)?.pullLogin();
    await this.#rollOut(facts, deployment, { digest, pullRegistry: login ? reference.registry : null }, fence);
  }

  async #isToBeBuilt({ id }: Deployment): Promise<boolean> {
    return (await this.orm.em.fork().count(Build, { deploymentId: id })) > 0;
  }

  async #build({ id }: Deployment, fence: Fence): Promise<void> {
    await this.#inTransaction((tx) =>
      moveDeployment(tx, { id, from: DeploymentState.PREPARING, to: DeploymentState.BUILDING, step: StepName.BUILD, stepState: StepState.RUNNING, message: 'Building.', fence }),
    );
  }

  /** True while a database that a variable refers to is not there to be connected to: the deployment says so, and waits. */
  async waits(deployment: Deployment, fence: Fence): Promise<boolean> {
    if (deployment.state !== DeploymentState.PREPARING) return false;
    const message = await unresolved(this.orm.em.fork(), deployment.variableIds);
    if (message === null) return false;
    await this.orm.em.fork().transactional((tx) => noteProgress(tx, deployment, { step: StepName.PREPARE, stepState: StepState.RUNNING, message, fence }));
    return true;
  }

  async #begin(deployment: Deployment, fence: Fence): Promise<void> {
    await this.#inTransaction((tx) =>
      moveDeployment(tx, {
        id: deployment.id,
        from: DeploymentState.QUEUED,
        to: DeploymentState.PREPARING,
        step: StepName.PREPARE,
        stepState: StepState.RUNNING,
        message: `Looking up the image ${deployment.spec.image}.`,
        fence,
      }),
    );
  }

  /** Writes the release where the deployment does not already name one (a rollback does). */
  async #rollOut(facts: ServiceFacts, deployment: Deployment, { digest, pullRegistry }: Pick<Deployment, 'digest' | 'pullRegistry'>, fence: Fence): Promise<void> {
    await this.#inTransaction(async (tx) => {
      const id = deployment.releaseId ?? newId();
      if (!deployment.releaseId) await this.#writeRelease(tx, id, facts, deployment, { digest, pullRegistry });
      // What an old release would run before its rollout was made for an older state of things.
      const first = deployment.spec.preDeploy && deployment.trigger !== DeploymentTrigger.ROLLBACK;
      const waits = facts.service.paused ? 'Prepared. The service is paused: it rolls out once the service is resumed.' : null;
      const moved = await moveDeployment(tx, {
        id: deployment.id,
        from: deployment.state,
        to: first ? DeploymentState.PRE_DEPLOY : DeploymentState.ROLLING_OUT,
        step: first ? StepName.PRE_DEPLOY : StepName.ROLL_OUT,
        stepState: StepState.RUNNING,
        message: waits ?? (first ? 'Running the pre-deploy step.' : 'Rolling out.'),
        set: { digest, pullRegistry, releaseId: id, rolloutStartedAt: waits || first ? null : new Date() },
        fence,
      });
      if (!moved) throw new MovedOn();
    });
  }

  async #writeRelease(tx: EntityManager, id: string, { service, environment }: ServiceFacts, deployment: Deployment, { digest, pullRegistry }: Pick<Deployment, 'digest' | 'pullRegistry'>): Promise<void> {
    await lockService(tx, deployment.serviceId);
    const [last] = await tx.execute<{ number: number }[]>('select coalesce(max(number), 0)::int as number from release where service_id = ?', [deployment.serviceId]);
    const { values, hash } = await openVariables(tx, this.vault, service.teamId, deployment.variableIds);
    const rendered = {
      installationId: '', environment, service, deploymentId: deployment.id, release: { id, digest, spec: deployment.spec },
      variables: values, variablesHash: hash, pullRegistry, pullLogin: null, hosts: [], ingressClass: null,
    };
    const release = Object.assign(new Release(), {
      id,
      serviceId: deployment.serviceId,
      number: (last?.number ?? 0) + 1,
      digest,
      spec: deployment.spec,
      variableIds: deployment.variableIds,
      manifestHash: manifestHash(rendered),
    });
    await tx.insert(Release, release);
  }

  async #fail(facts: ServiceFacts, deployment: Deployment, { kind, message }: Extract<Resolution, { kind: keyof typeof REASONS }>, fence: Fence): Promise<void> {
    await this.#inTransaction(async (tx) => {
      await lockService(tx, deployment.serviceId);
      const failed = await moveDeployment(tx, {
        id: deployment.id,
        from: DeploymentState.PREPARING,
        to: DeploymentState.FAILED,
        step: StepName.PREPARE,
        stepState: StepState.FAILED,
        reason: { code: REASONS[kind], message },
        fence,
      });
      if (failed && !facts.current) await setColumns(tx, deployment.serviceId, { statusMessage: message });
    });
  }

  /** What was superseded or canceled in the meantime leaves nothing behind. */
  async #inTransaction(work: (tx: EntityManager) => Promise<unknown>): Promise<void> {
    try {
      await this.orm.em.fork().transactional(work);
    } catch (error) {
      if (!(error instanceof MovedOn)) throw error;
    }
  }
}

class MovedOn extends Error {}
