import type { EntityManager } from '@mikro-orm/postgresql';
import type { Actor } from '../../context.js';
import { newId } from '../../entities/columns.js';
import { Deployment } from '../../entities/deployment.js';
import { DeploymentEvent } from '../../entities/deployment-event.js';
import { moveDeployment } from '../../entities/deployment-log.js';
import { DeploymentState, ReasonCode, UNFINISHED_STATES, type DeploymentTrigger } from '../../entities/deployment-state.js';
import type { Release } from '../../entities/release.js';
import type { Service } from '../../entities/service.js';
import type { LastPush } from '../../entities/service-source.js';
import { specOf } from '../../entities/workload-spec.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { effectiveVariables } from '../env-group/effective-variables.js';

export interface DeploymentStart {
  /** Managed by `tx`, its row locked. */
  service: Service;
  trigger: DeploymentTrigger;
  actor: Actor;
  /** The push that it is for. */
  push?: LastPush;
  orchestrator: Orchestrator;
  /** What is not taken from the rows of now: a whole release, or a digest that the tag is not resolved for. */
  pinned?: { release?: Release; digest: string | null; fromReleaseId?: string };
}

/**
 * A new deployment of the service as its rows are now: it pins the request, takes the place of any unfinished one, and
 * wakes the reconciler, all in the caller's transaction.
 */
export async function startDeployment(tx: EntityManager, { service, trigger, actor, push, orchestrator, pinned }: DeploymentStart): Promise<Deployment> {
  await endUnfinished(tx, service.id, DeploymentState.SUPERSEDED, { code: ReasonCode.SUPERSEDED, message: 'A newer deployment took its place.' });
  const release = pinned?.release;
  const variableIds = release?.variableIds ?? (await effectiveVariables(tx, [service.id])).map(({ id }) => id);
  const deployment = tx.create(Deployment, {
    id: newId(),
    serviceId: service.id,
    state: DeploymentState.QUEUED,
    trigger,
    accountId: actor.kind === 'account' ? actor.accountId : null,
    tokenId: 'tokenId' in actor ? actor.tokenId : null,
    image: service.image,
    commit: push?.commit ?? null,
    spec: release?.spec ?? specOf(service),
    variableIds,
    digest: pinned?.digest ?? null,
    releaseId: release?.id ?? null,
    fromReleaseId: pinned?.fromReleaseId ?? null,
    preDeployStartedAt: null,
    sealedLastLines: null,
    reasonCode: null,
    reasonMessage: null,
    rolloutStartedAt: null,
    createdAt: new Date(),
    endedAt: null,
  });
  await tx.flush();
  await tx.insert(DeploymentEvent, Object.assign(new DeploymentEvent(), { deploymentId: deployment.id, number: 1, state: DeploymentState.QUEUED }));
  service.latestDeploymentId = deployment.id;
  if (push) service.lastPush = push;
  await changeIntent(tx, service, orchestrator);
  return deployment;
}

/** The row says something new: the reconciler is to look, and what it saw before no longer counts. */
export async function changeIntent(tx: EntityManager, service: Service, orchestrator: Orchestrator): Promise<void> {
  service.generation += 1;
  await tx.flush();
  await orchestrator.wake(tx, `service/${service.id}`);
}

/** Ends the service's unfinished deployment, if it has one. */
export async function endUnfinished(
  tx: EntityManager,
  serviceId: string,
  to: DeploymentState.SUPERSEDED | DeploymentState.CANCELED,
  reason: { code: ReasonCode; message: string },
): Promise<void> {
  const [unfinished] = await tx.execute<{ id: string; state: DeploymentState }[]>(
    `select id, state from deployment where service_id = ? and state in (${UNFINISHED_STATES.map(() => '?').join(', ')}) for update`,
    [serviceId, ...UNFINISHED_STATES],
  );
  if (unfinished) await moveDeployment(tx, { id: unfinished.id, from: unfinished.state, to, reason });
}
