import type { MikroORM } from '@mikro-orm/postgresql';
import { moveDeployment, noteProgress, type DeploymentMove } from '../../entities/deployment-log.js';
import { StepName, StepState } from '../../entities/deployment-event.js';
import { DeploymentState, ReasonCode } from '../../entities/deployment-state.js';
import { Deployment } from '../../entities/deployment.js';
import { requireFence, type Fence } from '../../entities/fence.js';
import type { Vault } from '../../vault/vault.js';
import type { ClusterAccess } from '../cluster-access.js';
import type { ClusterState } from '../port.js';
import { CONTAINER } from './container-manifest.js';
import type { ServiceFacts } from './facts.js';
import { lastLines } from './last-lines.js';
import { lockService, setColumns, type Observation } from './observation.js';
import { podsOf, ranDigest, type PodObject } from './observed.js';
import { progressSentence, type Rollout } from './rollout.js';
import type { Trouble } from './trouble.js';

const LAST_LINES_MS = 6_000;
/** What a rollout gets at least after the cluster came back, however long it was away. */
const AFTER_RETURN_MS = 60_000;

export type RolloutNext = 'ended' | 'waits' | { secondsLeft: number };

/**
 * Decides how a rollout goes on. It ends LIVE when all replicas asked for are available and no older one is left. It ends
 * FAILED when more waiting cannot help (see `Trouble.final`: an image that is not there, three restarts) or at its
 * deadline; either way the look that follows puts the previous release back, or removes what never served.
 */
export class RolloutEnd {
  constructor(
    private readonly orm: MikroORM,
    private readonly vault: Pick<Vault, 'seal'>,
    private readonly cluster: ClusterAccess,
    private readonly deadlineSeconds: number,
    private readonly clusterState: () => ClusterState,
  ) {}

  async decide(facts: ServiceFacts, deployment: Deployment, rollout: Rollout, pods: readonly PodObject[], fence: Fence, seen: Observation): Promise<RolloutNext> {
    if (facts.service.paused) return this.#hold(deployment, fence);
    if (!deployment.rolloutStartedAt) await this.#startClock(deployment, fence);
    if (rollout.complete) return this.#live(facts, deployment, pods, fence, seen);
    const allowed = facts.service.deployTimeoutSeconds ?? this.deadlineSeconds;
    const left = this.#millisecondsLeft(deployment, allowed);
    if (rollout.trouble?.final) return this.#failed(facts, deployment, rollout.trouble, pods, fence);
    if (left <= 0) return this.#failed(facts, deployment, late(rollout, allowed), pods, fence);
    const progress = { step: StepName.ROLL_OUT, stepState: StepState.RUNNING, message: progressSentence(rollout), fence };
    await this.orm.em.fork().transactional((tx) => noteProgress(tx, deployment, progress));
    return { secondsLeft: Math.ceil(left / 1000) };
  }

  async #live(facts: ServiceFacts, deployment: Deployment, pods: readonly PodObject[], fence: Fence, seen: Observation): Promise<RolloutNext> {
    await this.#end({
      move: { id: deployment.id, from: DeploymentState.ROLLING_OUT, to: DeploymentState.LIVE, step: StepName.ROLL_OUT, stepState: StepState.DONE, message: 'Live.', fence },
      facts,
      // The generation is left to the look that follows: it also waits for the public address.
      columns: { currentDeploymentId: deployment.id, readyReplicas: seen.readyReplicas, addressAnswers: seen.addressAnswers, statusMessage: null },
      digest: deployment.digest ?? ranDigest(pods),
    });
    return 'ended';
  }

  async #failed(facts: ServiceFacts, deployment: Deployment, trouble: Trouble, pods: readonly PodObject[], fence: Fence): Promise<RolloutNext> {
    const { code, message } = trouble;
    const lines = await lastLines(this.cluster(), podsOf(pods, deployment.id), CONTAINER, AbortSignal.timeout(LAST_LINES_MS));
    await this.#end({
      move: { id: deployment.id, from: DeploymentState.ROLLING_OUT, to: DeploymentState.FAILED, step: StepName.ROLL_OUT, stepState: StepState.FAILED, reason: { code, message }, fence },
      facts,
      columns: { statusMessage: facts.current ? null : message },
      digest: deployment.digest,
      lines,
    });
    return 'ended';
  }

  async #end({ move, facts, columns, digest, lines = [] }: { move: DeploymentMove; facts: ServiceFacts; columns: Parameters<typeof setColumns>[2]; digest: string | null; lines?: string[] }): Promise<void> {
    await this.orm.em.fork().transactional(async (tx) => {
      await lockService(tx, facts.service.id);
      const sealedLastLines = lines.length > 0 ? await this.vault.seal(tx, facts.service.teamId, move.id, JSON.stringify(lines)) : null;
      if (await moveDeployment(tx, { ...move, set: { digest, sealedLastLines } })) await setColumns(tx, facts.service.id, columns);
    });
  }

  /** A paused service's rollout waits and its deadline with it. */
  async #hold(deployment: Deployment, fence: Fence): Promise<RolloutNext> {
    await this.orm.em.fork().transactional(async (tx) => {
      await requireFence(tx, fence);
      if (deployment.rolloutStartedAt) await tx.nativeUpdate(Deployment, { id: deployment.id, state: deployment.state }, { rolloutStartedAt: null });
      await noteProgress(tx, deployment, { step: StepName.ROLL_OUT, stepState: StepState.RUNNING, message: 'Prepared. The service is paused: it rolls out once the service is resumed.' });
    });
    return 'waits';
  }

  async #startClock(deployment: Deployment, fence: Fence): Promise<void> {
    const now = new Date();
    await this.orm.em.fork().transactional(async (tx) => {
      await requireFence(tx, fence);
      await tx.nativeUpdate(Deployment, { id: deployment.id, state: deployment.state }, { rolloutStartedAt: now });
    });
    deployment.rolloutStartedAt = now;
  }

  #millisecondsLeft(deployment: Deployment, allowed: number): number {
    const deadline = (deployment.rolloutStartedAt?.getTime() ?? Date.now()) + allowed * 1000;
    const state = this.clusterState();
    const returned = state.kind === 'ready' ? state.since.getTime() + Math.min(AFTER_RETURN_MS, allowed * 1000) : 0;
    return Math.max(deadline, returned) - Date.now();
  }
}

function late(rollout: Rollout, allowed: number): Trouble {
  const told = `after ${allowed} s only ${rollout.ready} of ${rollout.wanted} replicas were ready`;
  if (rollout.trouble) return { ...rollout.trouble, message: `${rollout.trouble.message} (The rollout was given up: ${told}.)` };
  return { code: ReasonCode.READINESS_TIMEOUT, message: `The rollout was given up: ${told}. Check that the container listens on its containerPort and answers its health check.`, final: true };
}
