import DataLoader from 'dataloader';
import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { Deployment } from '../../entities/deployment.js';
import { DeploymentEvent, DeploymentStep } from '../../entities/deployment-event.js';
import { foldSteps } from '../../entities/deployment-log.js';

@Resolver(() => Deployment)
export class DeploymentFields {
  private readonly loaders = new WeakMap<RequestContext, DataLoader<string, DeploymentEvent[]>>();

  @FieldResolver(() => [DeploymentStep])
  async steps(@Root() { id }: Deployment, @Ctx() context: RequestContext): Promise<DeploymentStep[]> {
    return foldSteps(await this.loaderOf(context).load(id));
  }

  /** Batches and does not remember: the context of a subscription lives long. */
  private loaderOf(context: RequestContext): DataLoader<string, DeploymentEvent[]> {
    const known = this.loaders.get(context);
    if (known) return known;
    const loader = new DataLoader((ids: readonly string[]) => eventsOf(context, ids), { cache: false });
    this.loaders.set(context, loader);
    return loader;
  }
}

async function eventsOf({ em }: RequestContext, ids: readonly string[]): Promise<DeploymentEvent[][]> {
  const events = await em.find(DeploymentEvent, { deploymentId: { $in: [...new Set(ids)] } }, { orderBy: { number: 'asc' }, disableIdentityMap: true });
  const byDeployment = Map.groupBy(events, ({ deploymentId }) => deploymentId);
  return ids.map((id) => byDeployment.get(id) ?? []);
}
