import DataLoader from 'dataloader';
import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { Build } from '../../entities/build.js';
import { Deployment } from '../../entities/deployment.js';

@Resolver(() => Deployment)
export class BuildOfDeployment {
  private readonly loaders = new WeakMap<RequestContext, DataLoader<string, Build | null>>();

  @FieldResolver(() => Build, { nullable: true, description: 'How its image was made; null where it was given.' })
  async build(@Root() { id }: Deployment, @Ctx() context: RequestContext): Promise<Build | null> {
    return this.loaderOf(context).load(id);
  }

  /** Batches and does not remember: the context of a subscription lives long. */
  private loaderOf(context: RequestContext): DataLoader<string, Build | null> {
    const known = this.loaders.get(context);
    if (known) return known;
    const loader = new DataLoader((ids: readonly string[]) => buildsOf(context, ids), { cache: false });
    this.loaders.set(context, loader);
    return loader;
  }
}

async function buildsOf({ em }: RequestContext, ids: readonly string[]): Promise<(Build | null)[]> {
  const builds = await em.find(Build, { deploymentId: { $in: [...new Set(ids)] } }, { disableIdentityMap: true });
  const byDeployment = new Map(builds.map((build) => [build.deploymentId, build]));
  return ids.map((id) => byDeployment.get(id) ?? null);
}
