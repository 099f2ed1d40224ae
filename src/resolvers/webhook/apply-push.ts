import type { EntityManager } from '@mikro-orm/postgresql';
import { recordAudit } from '../../auth/audit-log.js';
import type { RequestContext } from '../../context.js';
import { DeploymentTrigger } from '../../entities/deployment-state.js';
import { Service } from '../../entities/service.js';
import { AutoDeploy, type LastPush } from '../../entities/service-source.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { startDeployment } from '../deployment/start-deployment.js';
import { touches, type Push } from './push.js';

/** What a delivery did to one service. */
export interface Effect {
  serviceId: string;
  deploymentId: string | null;
  message: string | null;
}

export interface PushParts {
  context: RequestContext;
  orchestrator: Orchestrator;
  /** Only this service, where the delivery speaks for no other. */
  only: string | null;
  /** Whether the delivery may do something to the service. */
  may?: (serviceId: string) => Promise<boolean>;
}

/**
 * Deploys the services that follow the branch, each as it is now, in the caller's transaction. They are locked in the order
 * of their ids, as every other delivery does, so that no two wait for each other. Previews follow their pull request only.
 */
export async function applyPush(tx: EntityManager, push: Push, { context, orchestrator, only, may }: PushParts): Promise<Effect[]> {
  const candidates = await tx.execute<{ id: string }[]>(
    `select service.id from service join environment on environment.id = service.environment_id
     where lower(source->>'repository') = lower(?) and source->>'branch' = ? and service.deleted_at is null and environment.kind = 'STAGE'${only ? ' and service.id = ?' : ''}
     order by service.id for update of service`,
    [push.repository, push.branch, ...(only ? [only] : [])],
  );
  if (candidates.length === 0) return [];
  const services = await tx.find(Service, { id: { $in: candidates.map(({ id }) => id) } }, { orderBy: { id: 'asc' } });
  const effects: Effect[] = [];
  for (const service of services) {
    if (may && !(await may(service.id))) continue;
    const message = whyNot(service, push);
    effects.push({ serviceId: service.id, message, deploymentId: message === null ? await deploy(tx, service, push, context, orchestrator) : null });
  }
  return effects;
}

function whyNot({ source, lastPush }: Service, push: Push): string | null {
  if (source?.autoDeploy !== AutoDeploy.IMAGE) return 'The service does not deploy by itself.';
  if (!touches(push, source.path)) return `Nothing under ${source.path} was changed.`;
  if (lastPush && isOlder(push, lastPush)) return 'A newer push was deployed before this one came.';
  return null;
}

/** Deliveries come in any order: the latest push wins, and not the latest delivery. */
const isOlder = (push: Push, last: LastPush): boolean =>
  last.commit !== push.commit && (last.before === push.commit || (last.pushedAt !== null && push.pushedAt !== null && push.pushedAt < last.pushedAt));

async function deploy(tx: EntityManager, service: Service, push: Push, context: RequestContext, orchestrator: Orchestrator): Promise<string> {
  const { before, commit, pushedAt } = push;
  const { id } = await startDeployment(tx, { service, trigger: DeploymentTrigger.PUSH, actor: context.actor, push: { before, commit, pushedAt }, orchestrator });
  await recordAudit(tx, context, { action: 'push', teamId: service.teamId, target: { kind: 'service', id: service.id, name: service.name }, after: { commit, ref: push.ref } });
  return id;
}
