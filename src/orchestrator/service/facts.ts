import type { EntityManager } from '@mikro-orm/postgresql';
import { Deployment } from '../../entities/deployment.js';
import { UNFINISHED_STATES } from '../../entities/deployment-state.js';
import { Environment } from '../../entities/environment.js';
import { Host } from '../../entities/host.js';
import { Release } from '../../entities/release.js';
import { Service } from '../../entities/service.js';

export interface DeploymentFacts {
  deployment: Deployment;
  release: Release | null;
}

/** All rows that a look at a service needs, read afresh. */
export interface ServiceFacts {
  service: Service;
  environment: Environment;
  hosts: string[];
  /** The one that is on its way. */
  unfinished: DeploymentFacts | null;
  /** The one that serves. */
  current: DeploymentFacts | null;
}

/** Null where the service has no row (any more). `em` must be a fork that has read nothing yet. */
export async function loadFacts(em: EntityManager, serviceId: string): Promise<ServiceFacts | null> {
  const service = await em.findOne(Service, { id: serviceId });
  if (!service) return null;
  const environment = await em.findOneOrFail(Environment, { id: service.environmentId });
  const hosts = await em.find(Host, { serviceId }, { orderBy: { name: 'asc' } });
  const unfinished = await em.findOne(Deployment, { serviceId, state: { $in: [...UNFINISHED_STATES] } });
  const current = service.currentDeploymentId ? await em.findOne(Deployment, { id: service.currentDeploymentId }) : null;
  return {
    service,
    environment,
    hosts: hosts.map(({ name }) => name),
    unfinished: unfinished && (await withRelease(em, unfinished)),
    current: current && (await withRelease(em, current)),
  };
}

async function withRelease(em: EntityManager, deployment: Deployment): Promise<DeploymentFacts> {
  return { deployment, release: deployment.releaseId ? await em.findOne(Release, { id: deployment.releaseId }) : null };
}
