import { Arg, Ctx, ID, Int, Query, Resolver } from 'type-graphql';
import { requireAccess, requireId, withinTeamsOf } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { Deployment } from '../../entities/deployment.js';
import { Page } from '../../schema/connection.js';
import { DeploymentConnection } from '../../schema/deployment.connection.js';
import { pageWish } from '../../schema/page.js';
import type { DeploymentRow } from '../service/service-rows.js';
import { readDeployment, readDeployments } from './deployment-rows.js';

@Resolver()
export class DeploymentQuery {
  @Query(() => DeploymentConnection, { description: 'The deployments of a service, newest first.' })
  async deployments(
    @Ctx() { em, actor }: RequestContext,
    @Arg('serviceId', () => ID) serviceId: string,
    @Arg('first', () => Int, { nullable: true }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
  ): Promise<Page<DeploymentRow>> {
    const page = pageWish(first, after);
    await requireAccess(em, actor, 'Query.deployments', 'service', serviceId);
    return new Page(await readDeployments(em, [{ sql: 'deployment.service_id = ?', params: [serviceId] }], page), page);
  }

  @Query(() => Deployment)
  async deployment(@Ctx() { em, actor }: RequestContext, @Arg('id', () => ID) id: string): Promise<DeploymentRow> {
    return readDeployment(em, requireId(id), withinTeamsOf(actor, 'service.team_id', 'service.id'));
  }
}
