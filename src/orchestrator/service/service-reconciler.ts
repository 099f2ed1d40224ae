import type { MikroORM } from '@mikro-orm/postgresql';
import { DeploymentState, DeploymentTrigger } from '../../entities/deployment-state.js';
import { requireFence } from '../../entities/fence.js';
import { Service } from '../../entities/service.js';
import type { HeldLease } from '../../queue/lease.js';
import type { LookResult } from '../../queue/wake-queue.js';
import type { Vault } from '../../vault/vault.js';
import type { ClusterAccess } from '../cluster-access.js';
import type { Deployment } from '../../entities/deployment.js';
import { parseImage } from '../../outside/image-reference.js';
import type { Builds } from '../build/builds.js';
import type { ImageHomes } from '../build/image-homes.js';
import type { EnvironmentKeeper } from '../environment/environment-keeper.js';
import type { AddressProbe } from './address-probe.js';
import { loadFacts, type DeploymentFacts, type ServiceFacts } from './facts.js';
import { writeObservation } from './observation.js';
import { readyPods, type PodObject } from './observed.js';
import type { PreDeployStep } from './pre-deploy.js';
import type { Preparation } from './prepare.js';
import { registryLogin } from './registry-login.js';
import type { Removal } from './removal.js';
import { assessRollout, type Rollout } from './rollout.js';
import type { RolloutEnd } from './rollout-end.js';
import { serviceManifests } from './service-manifests.js';
import { applyObjects, readObjects, removeOthers } from './service-objects.js';
import { openVariables } from './variables.js';
import { isServed, replicasOf, type Workload } from './workload.js';

const NAME_IN_USE_SECONDS = 1;
/** The database wakes those who wait for it; this is for what it missed. */
const REFERENCE_SECONDS = 10;
const ROLLOUT_SECONDS = 5;
const TROUBLE_SECONDS = 30;
const ADDRESS_SECONDS = 1;
/** An address that has not answered for so long is told as it is, and not as "still deploying". */
const ADDRESS_PATIENCE_MS = 30_000;

export interface ReconcilerParts {
  orm: MikroORM;
  vault: Pick<Vault, 'open'>;
  cluster: ClusterAccess;
  keeper: EnvironmentKeeper;
  preparation: Preparation;
  removal: Removal;
  preDeploy: PreDeployStep;
  builds: Builds;
  homes: ImageHomes;
  rolloutEnd: RolloutEnd;
  probe: AddressProbe;
  installationId: string;
  ingressClass: string | null;
}

/** Makes the cluster equal to the rows of one service, and the rows tell what the cluster made of it. */
export class ServiceReconciler {
  /** Since when a public address does not answer. */
  readonly #silentSince = new Map<string, number>();

  constructor(private readonly parts: ReconcilerParts) {}

  /** One look: rows and cluster are read afresh, so it does not matter why it was asked for, or how often. */
  async look(serviceId: string, lease: HeldLease): Promise<LookResult> {
    const facts = await loadFacts(this.parts.orm.em.fork(), serviceId);
    if (!facts) return this.parts.removal.orphan(serviceId, lease);
    if (facts.service.deletedAt || facts.environment.deletedAt) return this.#remove(facts, lease);
    if (facts.unfinished && facts.unfinished.deployment.state !== DeploymentState.ROLLING_OUT) {
      this.parts.cluster();
      if (await this.parts.preparation.waits(facts.unfinished.deployment, lease.fence)) return { again: 'later', seconds: REFERENCE_SECONDS };
      if (facts.unfinished.deployment.state === DeploymentState.PRE_DEPLOY) return this.#preDeploy(facts, facts.unfinished, lease);
      if (facts.unfinished.deployment.state === DeploymentState.BUILDING) return this.#building(facts, facts.unfinished.deployment, lease);
      await this.parts.preparation.advance(facts, facts.unfinished.deployment, lease.fence, lease.signal);
      return this.look(serviceId, lease);
    }
    const target = facts.unfinished ?? facts.current;
    if (!target?.release) return this.#withoutRelease(facts, lease);
    if (await this.#nameStillInUse(facts.service)) return { again: 'later', seconds: NAME_IN_USE_SECONDS };
    return this.#converge(facts, target, lease);
  }

  /** What serves meanwhile is kept as it should be. */
  async #preDeploy(facts: ServiceFacts, target: DeploymentFacts, lease: HeldLease): Promise<LookResult> {
    if (await this.#nameStillInUse(facts.service)) return { again: 'later', seconds: NAME_IN_USE_SECONDS };
    const workload = await this.#workload(facts, target);
    await this.parts.keeper.ensure(facts.environment, lease.signal, () => this.#mayCreate(lease));
    const next = await this.parts.preDeploy.look(facts, workload, target.deployment, lease);
    if (next === 'moved') return this.look(facts.service.id, lease);
    if (facts.current?.release) await this.#converge({ ...facts, unfinished: null }, facts.current, lease, target.deployment.id);
    return next === 'waits' ? { again: 'never' } : { again: 'later', seconds: next.seconds };
  }

  /** The same while its image is made. */
  async #building(facts: ServiceFacts, deployment: Deployment, lease: HeldLease): Promise<LookResult> {
    const next = await this.parts.builds.look(facts.service, facts.environment, deployment, lease);
    if (next.kind === 'built') await this.parts.preparation.built(facts, deployment, next.digest, lease.fence);
    if (next.kind !== 'later') return this.look(facts.service.id, lease);
    if (facts.current?.release && !(await this.#nameStillInUse(facts.service))) await this.#converge({ ...facts, unfinished: null }, facts.current, lease, deployment.id);
    return { again: 'later', seconds: next.seconds };
  }

  /** Nothing has ever become live: nothing may run, least of all what has just failed. */
  async #withoutRelease(facts: ServiceFacts, lease: HeldLease): Promise<LookResult> {
    const client = this.parts.cluster();
    const live = await readObjects(client, this.parts.installationId, facts.service.id, facts.environment.namespace, lease.signal);
    await removeOthers(client, [], { ...live, pods: [] }, null, lease.signal);
    const { statusMessage, generation } = facts.service;
    await writeObservation(this.parts.orm, facts.service, { readyReplicas: 0, addressAnswers: false, observedGeneration: generation, statusMessage }, lease.fence);
    return { again: 'never' };
  }

  /** With its rows go its wishes: what nobody else runs of its images goes, too. */
  async #remove(facts: ServiceFacts, lease: HeldLease): Promise<LookResult> {
    const result = await this.parts.removal.look(facts, lease);
    if (result.again === 'never') this.parts.builds.forgetImages();
    return result;
  }

  async #converge(facts: ServiceFacts, target: DeploymentFacts, lease: HeldLease, onItsWay: string | null = facts.unfinished?.deployment.id ?? null): Promise<LookResult> {
    const { signal } = lease;
    const { environment, service } = facts;
    const client = this.parts.cluster();
    const workload = await this.#workload(facts, target);
    const mayCreate = (): Promise<void> => this.#mayCreate(lease);
    await this.parts.keeper.ensure(environment, signal, mayCreate);
    const desired = serviceManifests(workload);
    const live = await readObjects(client, this.parts.installationId, service.id, environment.namespace, signal);
    const deployment = await applyObjects(client, desired, live, signal, mayCreate);
    await removeOthers(client, desired, live, onItsWay, signal);
    const rollout = assessRollout(target.deployment.id, replicasOf(workload), target.deployment.image, deployment, live.pods, Date.now());
    const answers = await this.#addressAnswers(workload, rollout, live.pods, signal);
    return facts.unfinished ? this.#rollingOut(facts, target, rollout, live.pods, answers, lease) : this.#serving(facts, workload, rollout, live.pods, answers, lease);
  }

  /** Throws `LeaseLost` for who was stopped for a while: another holds the service now, or it is gone. */
  #mayCreate(lease: HeldLease): Promise<void> {
    return requireFence(this.parts.orm.em.fork(), lease.fence);
  }

  async #rollingOut(facts: ServiceFacts, target: DeploymentFacts, rollout: Rollout, pods: readonly PodObject[], answers: boolean, lease: HeldLease): Promise<LookResult> {
    const { service } = facts;
    const seen = {
      readyReplicas: Math.min(readyPods(pods), service.replicas),
      addressAnswers: answers,
      observedGeneration: service.observedGeneration,
      statusMessage: rollout.trouble?.message ?? null,
    };
    const next = await this.parts.rolloutEnd.decide(facts, target.deployment, rollout, pods, lease.fence, seen);
    if (next === 'ended') return this.look(service.id, lease);
    await writeObservation(this.parts.orm, service, seen, lease.fence);
    return next === 'waits' ? { again: 'never' } : { again: 'later', seconds: Math.min(ROLLOUT_SECONDS, next.secondsLeft) };
  }

  async #serving(facts: ServiceFacts, workload: Workload, rollout: Rollout, pods: readonly PodObject[], answers: boolean, lease: HeldLease): Promise<LookResult> {
    const { service } = facts;
    const addressMatters = isServed(workload) && replicasOf(workload) > 0;
    const silent = addressMatters && !answers && rollout.complete;
    const settled = rollout.complete ? !silent || this.#silentTooLong(service.id) : rollout.trouble !== null;
    const problem = rollout.trouble?.message ?? (silent && settled ? 'The replicas are ready, but the public address does not answer.' : null);
    await writeObservation(
      this.parts.orm,
      service,
      {
        readyReplicas: Math.min(readyPods(pods), service.replicas),
        addressAnswers: answers,
        observedGeneration: settled ? service.generation : service.observedGeneration,
        statusMessage: problem,
      },
      lease.fence,
    );
    if (silent) return { again: 'later', seconds: settled ? TROUBLE_SECONDS : ADDRESS_SECONDS };
    return rollout.complete ? { again: 'never' } : { again: 'later', seconds: rollout.trouble ? TROUBLE_SECONDS : ROLLOUT_SECONDS };
  }

  /** True where anybody could get an answer; asked only once there is somebody to answer. */
  async #addressAnswers(workload: Workload, rollout: Rollout, pods: readonly PodObject[], signal: AbortSignal): Promise<boolean> {
    const [host] = workload.hosts;
    const id = workload.service.id;
    const answers = host !== undefined && isServed(workload) && replicasOf(workload) > 0 && readyPods(pods) > 0 && (await this.parts.probe.answers(host, signal));
    if (answers || !rollout.complete) this.#silentSince.delete(id);
    else if (!this.#silentSince.has(id)) this.#silentSince.set(id, performance.now());
    return answers;
  }

  #silentTooLong(serviceId: string): boolean {
    return performance.now() - (this.#silentSince.get(serviceId) ?? performance.now()) > ADDRESS_PATIENCE_MS;
  }

  async #workload({ service, environment, hosts }: ServiceFacts, target: DeploymentFacts): Promise<Workload> {
    const release = target.release;
    if (!release) throw new Error('A deployment that rolls out has a release');
    const { orm, vault, homes } = this.parts;
    const reference = parseImage(release.spec.image);
    const own = reference && homes.find(reference, service.teamId);
    const { pullRegistry } = target.deployment;
    const variables = await openVariables(orm.em.fork(), vault, service.teamId, release.variableIds);
    return {
      installationId: this.parts.installationId,
      environment,
      service,
      deploymentId: target.deployment.id,
      // A release whose tag could not be resolved is rolled back to as what it had run.
      release: { ...release, digest: release.digest ?? (target.deployment.trigger === DeploymentTrigger.ROLLBACK ? target.deployment.digest : null) },
      variables: variables.values,
      variablesHash: variables.hash,
      pullRegistry,
      pullLogin: pullRegistry === null ? null : own ? own.pullLogin() : await registryLogin(orm.em.fork(), vault, service.teamId, pullRegistry),
      hosts,
      ingressClass: this.parts.ingressClass,
    };
  }

  /** A deleted service of the same name still has objects: they have to go first. */
  async #nameStillInUse({ environmentId, name, id }: Service): Promise<boolean> {
    return (await this.parts.orm.em.fork().count(Service, { environmentId, name, id: { $ne: id }, deletedAt: { $ne: null } })) > 0;
  }
}
