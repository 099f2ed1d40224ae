import DataLoader from 'dataloader';
import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { Service } from '../../entities/service.js';
import { Variable, VariableScope } from '../../entities/variable.js';

@Resolver(() => Service)
export class BuildSecretsOfService {
  private readonly loaders = new WeakMap<RequestContext, DataLoader<string, string[]>>();

  @FieldResolver(() => [String], { description: 'Names of the secrets that its next build gets; never a value.' })
  async buildSecrets(@Root() { id }: Service, @Ctx() context: RequestContext): Promise<string[]> {
    return this.loaderOf(context).load(id);
  }

  /** Batches and does not remember: the context of a subscription lives long. */
  private loaderOf(context: RequestContext): DataLoader<string, string[]> {
    const known = this.loaders.get(context);
    if (known) return known;
    const loader = new DataLoader((ids: readonly string[]) => namesOf(context, ids), { cache: false });
    this.loaders.set(context, loader);
    return loader;
  }
}

async function namesOf({ em }: RequestContext, ids: readonly string[]): Promise<string[][]> {
  const rows = await em.find(Variable, { serviceId: { $in: [...new Set(ids)] }, scope: VariableScope.BUILD, replacedAt: null }, { orderBy: { key: 'asc' }, fields: ['key', 'serviceId'], disableIdentityMap: true });
  const byService = Map.groupBy(rows, ({ serviceId }) => serviceId);
  return ids.map((id) => (byService.get(id) ?? []).map(({ key }) => key));
}
