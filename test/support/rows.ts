import { newId } from '../../src/entities/columns.js';
import { Deployment } from '../../src/entities/deployment.js';
import { DeploymentState, DeploymentTrigger } from '../../src/entities/deployment-state.js';
import { Environment, PRODUCTION } from '../../src/entities/environment.js';
import { Host } from '../../src/entities/host.js';
import { Service } from '../../src/entities/service.js';
import { serverReceiver, WebhookDelivery, WebhookVerdict } from '../../src/entities/webhook-delivery.js';
import { WebhookEffect } from '../../src/entities/webhook-effect.js';
import { pushOf, REPOSITORY } from './github.js';
import type { TestDatabase } from './test-database.js';

/** A service as its reconciler leaves it behind, for tests without a cluster: running, with one deployment that is LIVE. */
export async function insertRunningService({ orm }: Pick<TestDatabase, 'orm'>, name: string, wish: Partial<Service> = {}): Promise<Service> {
  return orm.em.fork().transactional(async (em) => {
    const environment = await em.findOneOrFail(Environment, { name: PRODUCTION, ...(wish.teamId && { teamId: wish.teamId }) }, { orderBy: { createdAt: 'asc' } });
    const service = Object.assign(new Service(), {
      teamId: environment.teamId, environmentId: environment.id, name, image: 'nginx:alpine', containerPort: 80, public: true, replicas: 2, readyReplicas: 2,
      addressAnswers: true, observedGeneration: 1, ...wish,
    });
    await em.persist(service).flush();
    const deployment = Object.assign(new Deployment(), {
      serviceId: service.id, state: DeploymentState.LIVE, trigger: DeploymentTrigger.API, image: service.image, endedAt: new Date(),
      spec: { image: service.image, command: null, args: null, containerPort: 80, healthCheck: null, resources: service.resources },
    });
    em.persist(Object.assign(new Host(), { name: `${name}.apex.localhost`, serviceId: service.id }));
    await em.persist(deployment).flush();
    service.currentDeploymentId = deployment.id;
    service.latestDeploymentId = deployment.id;
    await em.flush();
    return service;
  });
}

/** A push that was delivered for a service that did not follow it then. */
export async function insertDelivery({ orm }: Pick<TestDatabase, 'orm'>, serviceId: string): Promise<string> {
  const delivery = Object.assign(new WebhookDelivery(), {
    receiver: serverReceiver('github'), deliveryId: newId(), verdict: WebhookVerdict.SERVER_SECRET, event: 'push', repository: REPOSITORY, headers: {}, body: Buffer.from(JSON.stringify(pushOf())),
  });
  await orm.em.fork().persist([delivery, Object.assign(new WebhookEffect(), { deliveryId: delivery.id, serviceId, message: 'Not then.' })]).flush();
  return delivery.id;
}
