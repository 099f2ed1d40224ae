import type { EntityManager } from '@mikro-orm/postgresql';
import type { Actor } from '../../context.js';
import { Build } from '../../entities/build.js';
import { newId } from '../../entities/columns.js';
import { Deployment } from '../../entities/deployment.js';
import { DeploymentEvent } from '../../entities/deployment-event.js';
import { endDeployments } from '../../entities/deployment-log.js';
import { DeploymentState, ReasonCode, UNFINISHED_STATES, type DeploymentTrigger } from '../../entities/deployment-state.js';
import { EnvironmentKind } from '../../entities/environment-kind.js';
import { Environment } from '../../entities/environment.js';
import type { Release } from '../../entities/release.js';
import type { Service } from '../../entities/service.js';
import type { LastPush } from '../../entities/service-source.js';
import { specOf } from '../../entities/workload-spec.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { effectiveVariables } from '../env-group/effective-variables.js';
import { buildRequestOf, buildSecrets, earlierBuilds, isToBeBuilt, type EarlierBuild } from './wanted-builds.js';

export interface WantedDeployment {
  /** Managed by `tx`, its row locked. */
  service: Service;
  trigger: DeploymentTrigger;
  actor: Actor;
  /** The push that it is for. */
  push?: LastPush;
  /** What is not taken from the rows of now: a whole release, or a digest that the tag is not resolved for. */
  pinned?: { release?: Release; digest: string | null; fromReleaseId?: string };
}

export interface DeploymentStart extends WantedDeployment {
  orchestrator: Orchestrator;
}

const SUPERSEDED = { code: ReasonCode.SUPERSEDED, message: 'A newer deployment took its place.' };

/**
 * A new deployment of the service as its rows are now: it pins the request, takes the place of any unfinished one, and
 * wakes the reconciler, all in the caller's transaction.
 */
export async function startDeployment(tx: EntityManager, { orchestrator, ...wanted }: DeploymentStart): Promise<Deployment> {
  const [deployment] = await startDeployments(tx, [wanted], orchestrator);
  return deployment!;
}

/** The same for many, one after the other, with one statement of each kind: of several for one service, each takes the place of the one before it. */
export async function startDeployments(tx: EntityManager, wanted: readonly WantedDeployment[], orchestrator: Orchestrator): Promise<Deployment[]> {
  const services = [...new Set(wanted.map(({ service }) => service))];
  await endUnfinished(tx, services.map(({ id }) => id), DeploymentState.SUPERSEDED, SUPERSEDED);
  const unpinned = wanted.flatMap(({ service, pinned }) => (pinned?.release ? [] : service.id));
  const variables = Map.groupBy(unpinned.length > 0 ? await effectiveVariables(tx, [...new Set(unpinned)]) : [], ({ serviceId }) => serviceId);
  const previews = await previewsAmong(tx, wanted);
  const newest = new Map(wanted.map(({ service }, n) => [service, n]));
  const secrets = await buildSecrets(tx, wanted);
  const earlier = await earlierBuilds(tx, wanted, secrets);
  // A new build is kept where builds are kept now; what is not built again lies where it lay.
  for (const one of wanted) if (isToBeBuilt(one) && !earlier.has(one.service)) one.service.image = orchestrator.builtImage(one.service.teamId, one.service.id);
  const deployments = wanted.map((one, n) => tx.create(Deployment, rowOf(one, (variables.get(one.service.id) ?? []).map(({ id }) => id), earlier.get(one.service)?.commit ?? commitOf(one, previews), newest.get(one.service) === n, earlier.get(one.service))));
  for (const [n, { service, push }] of wanted.entries()) {
    service.latestDeploymentId = deployments[n]!.id;
    if (push) service.lastPush = push;
  }
  for (const service of services) service.generation += 1;
  await tx.flush();
  await tx.insertMany(DeploymentEvent, deployments.flatMap(eventsOf));
  const builds = wanted.flatMap((one, n) => (newest.get(one.service) === n && isToBeBuilt(one) && !earlier.has(one.service) ? [buildOf(one, deployments[n]!, secrets.get(one.service.id))] : []));
  if (builds.length > 0) await tx.insertMany(Build, builds);
  await orchestrator.wake(tx, ...services.map(({ id }) => `service/${id}` as const));
  return deployments;
}

/** The environments of previews among those that are deployed anew without a push. */
async function previewsAmong(tx: EntityManager, wanted: readonly WantedDeployment[]): Promise<Set<string>> {
  const ids = wanted.flatMap(({ service, push }) => (!push && service.lastPush ? service.environmentId : []));
  if (ids.length === 0) return new Set();
  return new Set((await tx.find(Environment, { id: { $in: ids }, kind: EnvironmentKind.PREVIEW }, { fields: ['id'] })).map(({ id }) => id));
}

/** A preview's copy goes on being of its pull request's commit; elsewhere nobody knows of which the tag is by now. */
function commitOf({ service, push, pinned }: WantedDeployment, previews: ReadonlySet<string>): string | null {
  if (push) return push.commit;
  return !pinned && previews.has(service.environmentId) ? (service.lastPush?.commit ?? null) : null;
}

/** One that is not the newest of those that begin together has ended with its beginning. */
function rowOf({ service, trigger, actor, pinned }: WantedDeployment, variableIds: string[], commit: string | null, isNewest: boolean, earlier: EarlierBuild | undefined) {
  const release = pinned?.release;
  return {
    id: newId(),
    serviceId: service.id,
    state: isNewest ? DeploymentState.QUEUED : DeploymentState.SUPERSEDED,
    trigger,
    accountId: actor.kind === 'account' ? actor.accountId : null,
    tokenId: 'tokenId' in actor ? actor.tokenId : null,
    image: service.image,
    commit,
    spec: release?.spec ?? specOf(service),
    variableIds: release?.variableIds ?? variableIds,
    digest: pinned?.digest ?? earlier?.digest ?? null,
    releaseId: release?.id ?? null,
    fromReleaseId: pinned?.fromReleaseId ?? null,
    preDeployStartedAt: null,
    sealedLastLines: null,
    reasonCode: isNewest ? null : SUPERSEDED.code,
    reasonMessage: isNewest ? null : SUPERSEDED.message,
    rolloutStartedAt: null,
    createdAt: new Date(),
    endedAt: isNewest ? null : new Date(),
  };
}

const buildOf = ({ service }: WantedDeployment, { id: deploymentId, commit }: Deployment, secretIds: readonly string[] | undefined): Build =>
  Object.assign(new Build(), { deploymentId, serviceId: service.id, teamId: service.teamId, request: buildRequestOf(service, secretIds), commit });

function eventsOf({ id: deploymentId, state }: Deployment): DeploymentEvent[] {
  const event = (number: number, of: DeploymentState, message: string | null): DeploymentEvent => Object.assign(new DeploymentEvent(), { deploymentId, number, state: of, message });
  const begun = event(1, DeploymentState.QUEUED, null);
  return state === DeploymentState.QUEUED ? [begun] : [begun, event(2, state, SUPERSEDED.message)];
}

/** The row says something new: the reconciler is to look, and what it saw before no longer counts. */
export async function changeIntent(tx: EntityManager, service: Service, orchestrator: Orchestrator): Promise<void> {
  service.generation += 1;
  await tx.flush();
  await orchestrator.wake(tx, `service/${service.id}`);
}

/** Ends the unfinished deployment of each service, where it has one. */
export async function endUnfinished(
  tx: EntityManager,
  serviceIds: readonly string[],
  to: DeploymentState.SUPERSEDED | DeploymentState.CANCELED,
  reason: { code: ReasonCode; message: string },
): Promise<void> {
  const unfinished = await tx.execute<{ id: string; state: DeploymentState }[]>(
    `select id, state from deployment where service_id = any(string_to_array(?, ',')::uuid[]) and state in (${UNFINISHED_STATES.map(() => '?').join(', ')}) order by service_id for update`,
    [serviceIds.join(','), ...UNFINISHED_STATES],
  );
  await endDeployments(tx, unfinished, to, reason);
}
