import { isDeepStrictEqual } from 'node:util';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Arg, ID, Resolver, Root, Subscription } from 'type-graphql';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { Service } from '../../entities/service.js';
import type { Events } from '../../events.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import type { AccessWatch } from '../subscription/access-watch.js';
import { notWired, type EventSource } from '../subscription/event-source.js';
import { whileAllowed } from '../subscription/while-allowed.js';
import { readService, type ServiceRow } from './service-rows.js';

@Resolver()
export class ServiceChangedSubscription implements EventSource {
  readonly subscription = 'serviceChanged';

  constructor(
    private readonly orchestrator: Orchestrator,
    private readonly bus: Events,
    private readonly access: AccessWatch,
  ) {}

  @Subscription(() => Service, {
    subscribe: notWired,
    description: 'The service as it is now, and again after each change that can be seen.',
  })
  serviceChanged(@Root() service: Service, @Arg('serviceId', () => ID) _serviceId: string): Service {
    return service;
  }

  async events({ serviceId }: { serviceId: string }, context: RequestContext) {
    const coordinate = 'Subscription.serviceChanged';
    const check = (em: EntityManager) => requireAccess(em, context.actor, coordinate, 'service', serviceId);
    await check(context.em);
    const open = (signal: AbortSignal) => this.changes(context, serviceId, () => check(context.em), signal);
    return whileAllowed({ context, access: this.access, coordinate, serviceId, check, open });
  }

  private async *changes(context: RequestContext, serviceId: string, check: () => Promise<unknown>, signal: AbortSignal): AsyncGenerator<ServiceRow> {
    // Listened to before the first reading, so that no change falls in between.
    const changes = this.bus.subscribe('service.changed', signal);
    let shown = await readService(context.em, serviceId, this.orchestrator);
    yield shown;
    for await (const change of changes) {
      if (change && change.serviceId !== serviceId) continue;
      await check();
      const service = await readService(context.em, serviceId, this.orchestrator);
      if (isDeepStrictEqual(service, shown)) continue;
      shown = service;
      yield service;
    }
  }
}
