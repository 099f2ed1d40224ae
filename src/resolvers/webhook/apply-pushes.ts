import type { EntityManager } from '@mikro-orm/postgresql';
import { recordAudits } from '../../auth/audit-log.js';
import type { RequestContext } from '../../context.js';
import { DeploymentTrigger } from '../../entities/deployment-state.js';
import { Service } from '../../entities/service.js';
import { AutoDeploy, type LastPush } from '../../entities/service-source.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { startDeployments } from '../deployment/start-deployment.js';
import { followsHost } from './follows-host.js';
import { touches, type Push } from './push.js';

/** What a delivery did to one service. */
export interface Effect {
  serviceId: string;
  deploymentId: string | null;
  message: string | null;
}

export interface AskedPush {
  push: Push;
  context: RequestContext;
  /** Only this service, where the delivery speaks for no other. */
  only: string | null;
  /** Whether the delivery may do something to the service. */
  may?: (serviceId: string) => Promise<boolean>;
}

/** One push that deploys one service, and where its effect stands. */
interface Start {
  asked: AskedPush;
  service: Service;
  effect: Effect;
}

/**
 * Deploys the services that follow the branch of each push, as they are now, in the caller's transaction: one push after
 * the other, with one statement of each kind for all of them. The services are locked in the order of their ids, as every
 * other delivery does, so that no two wait for each other. Previews follow their pull request only.
 * `hosts`: those of repositories of which nothing else is said. Answers the effects of each push, in the order of the pushes.
 */
export async function applyPushes(tx: EntityManager, pushes: readonly AskedPush[], orchestrator: Orchestrator, hosts: readonly string[]): Promise<Effect[][]> {
  const followers = await lockFollowers(tx, pushes, hosts);
  const lastPushes = new Map<Service, LastPush | null>();
  const starts: Start[] = [];
  const effects: Effect[][] = [];
  for (const [n, asked] of pushes.entries()) {
    const own: Effect[] = [];
    for (const service of followers[n]!) {
      if (asked.may && !(await asked.may(service.id))) continue;
      const message = whyNot(service, lastPushes.get(service) ?? service.lastPush, asked.push, hosts);
      const effect: Effect = { serviceId: service.id, message, deploymentId: null };
      own.push(effect);
      if (message !== null) continue;
      lastPushes.set(service, lastPushOf(asked.push));
      starts.push({ asked, service, effect });
    }
    effects.push(own);
  }
  await deploy(tx, starts, orchestrator);
  return effects;
}

/** Parameters: the pushes, and the hosts of repositories of which nothing else is said. */
const FOLLOWERS = `select service.id, wanted.n from jsonb_to_recordset(?::jsonb) wanted (n int, repository text, host text, branch text, "only" uuid)
     join service on lower(service.source->>'repository') = lower(wanted.repository) and service.source->>'branch' = wanted.branch and (wanted."only" is null or service.id = wanted."only")
       and ${followsHost('wanted.host', 'wanted."only" is not null')}
     join environment on environment.id = service.environment_id
   where service.deleted_at is null and environment.kind = 'STAGE'`;

const followersOf = (pushes: readonly Pick<AskedPush, 'push' | 'only'>[], hosts: readonly string[]): [string, string] =>
  [JSON.stringify(pushes.map(({ push: { repository, host, branch }, only }, n) => ({ n, repository, host, branch, only }))), hosts.join(',')];

/** Which of the pushes are about a service that somebody else holds; those of the others are locked from now on. Waits for nobody. */
export async function heldElsewhere(tx: EntityManager, pushes: readonly Pick<AskedPush, 'push' | 'only'>[], hosts: readonly string[]): Promise<Set<number>> {
  if (pushes.length === 0) return new Set();
  const rows = await tx.execute<{ n: number }[]>(
    `with follower as materialized (${FOLLOWERS}), taken as (select id from service where id in (select id from follower) order by id for update skip locked)
     select distinct n from follower where id not in (select id from taken)`,
    followersOf(pushes, hosts),
  );
  return new Set(rows.map(({ n }) => n));
}

/** The services that follow the branch of each push, by id. */
async function lockFollowers(tx: EntityManager, pushes: readonly AskedPush[], hosts: readonly string[]): Promise<Service[][]> {
  if (pushes.length === 0) return [];
  const rows = await tx.execute<{ id: string; n: number }[]>(`${FOLLOWERS} order by service.id for update of service`, followersOf(pushes, hosts));
  const found = rows.length > 0 ? await tx.find(Service, { id: { $in: [...new Set(rows.map(({ id }) => id))] } }) : [];
  const services = new Map(found.map((service) => [service.id, service]));
  return pushes.map((_, n) => rows.flatMap((row) => (row.n === n ? (services.get(row.id) ?? []) : [])));
}

function whyNot({ source }: Service, last: LastPush | null, push: Push, hosts: readonly string[]): string | null {
  if (!source || source.autoDeploy === AutoDeploy.OFF) return 'The service does not deploy by itself.';
  if (source.autoDeploy === AutoDeploy.BUILD && !source.host && push.host && !hosts.includes(push.host)) return `The push came from ${push.host}, and the service is built from ${hosts[0]}: set source.host.`;
  if (!touches(push, source.path)) return `Nothing under ${source.path} was changed.`;
  if (last && isOlder(push, last)) return 'A newer push was deployed before this one came.';
  return null;
}

/** Deliveries come in any order: the latest push wins, and not the latest delivery. */
const isOlder = (push: Push, last: LastPush): boolean =>
  last.commit !== push.commit && (last.before === push.commit || (last.pushedAt !== null && push.pushedAt !== null && push.pushedAt < last.pushedAt));

const lastPushOf = ({ before, commit, pushedAt }: Push): LastPush => ({ before, commit, pushedAt });

async function deploy(tx: EntityManager, starts: readonly Start[], orchestrator: Orchestrator): Promise<void> {
  if (starts.length === 0) return;
  const wanted = starts.map(({ asked: { push, context }, service }) => ({ service, trigger: DeploymentTrigger.PUSH, actor: context.actor, push: lastPushOf(push) }));
  const deployments = await startDeployments(tx, wanted, orchestrator);
  for (const [n, { effect }] of starts.entries()) effect.deploymentId = deployments[n]!.id;
  await recordAudits(tx, starts.map(({ asked: { push, context }, service }) => ({
    context, action: 'push', teamId: service.teamId, target: { kind: 'service', id: service.id, name: service.name }, after: { commit: push.commit, ref: push.ref },
  })));
}
