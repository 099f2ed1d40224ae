import { Arg, Ctx, ID, Int, Query, Resolver } from 'type-graphql';
import { requireAccess, requireId, withinTeamsOf, type Condition } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { Service } from '../../entities/service.js';
import { notFound } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { Page } from '../../schema/connection.js';
import { pageWish } from '../../schema/page.js';
import { ServiceConnection } from '../../schema/service.connection.js';
import { readServices, type ServiceRow } from './service-rows.js';

@Resolver()
export class ServiceQuery {
  constructor(private readonly orchestrator: Orchestrator) {}

  @Query(() => ServiceConnection, { description: "The caller's services, oldest first: of all its teams, or of one; of all environments, or of those of one name." })
  async services(
    @Ctx() { em, actor }: RequestContext,
    @Arg('teamId', () => ID, { nullable: true }) teamId: string | null,
    @Arg('environment', () => String, { nullable: true }) environment: string | null,
    @Arg('first', () => Int, { nullable: true }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
  ): Promise<Page<ServiceRow>> {
    const page = pageWish(first, after);
    const conditions: Condition[] = [withinTeamsOf(actor, 'service.team_id', 'service.id')];
    if (teamId != null) conditions.push({ sql: 'service.team_id = ?', params: [await requireAccess(em, actor, 'Query.services', 'team', teamId)] });
    if (environment != null) conditions.push({ sql: 'environment.name = ?', params: [environment] });
    return new Page(await readServices(em, conditions, page, this.orchestrator), page);
  }

  @Query(() => Service)
  async service(@Ctx() { em, actor }: RequestContext, @Arg('id', () => ID) id: string): Promise<ServiceRow> {
    const conditions = [withinTeamsOf(actor, 'service.team_id', 'service.id'), { sql: 'service.id = ?', params: [requireId(id)] }];
    const [service] = await readServices(em, conditions, pageWish(null, null), this.orchestrator);
    if (!service) throw notFound();
    return service;
  }
}
