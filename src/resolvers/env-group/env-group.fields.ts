import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import DataLoader from 'dataloader';
import type { RequestContext } from '../../context.js';
import { EnvGroup } from '../../entities/env-group.js';
import { Service } from '../../entities/service.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { EffectiveVariable, VariableOrigin } from '../../schema/effective-variable.payload.js';
import { readServices, type ServiceRow } from '../service/service-rows.js';
import { effectiveVariables, type EffectiveRow } from './effective-variables.js';
import { readEnvGroups, type EnvGroupRow } from './env-group-rows.js';

@Resolver(() => Service)
export class ServiceVariableFields {
  private readonly loaders = new WeakMap<RequestContext, DataLoader<string, EffectiveRow[]>>();

  @FieldResolver(() => [EffectiveVariable], { description: 'What the next deployment would get, by key: its own win, then a later group over an earlier. Never values.' })
  async effectiveVariables(@Root() { id }: Service, @Ctx() context: RequestContext): Promise<EffectiveVariable[]> {
    const rows = await this.loaderOf(context).load(id);
    return rows.map(({ key, revision, groupId, groupName }) => ({ key, revision, groupId, groupName, origin: groupId ? VariableOrigin.GROUP : VariableOrigin.SERVICE }));
  }

  @FieldResolver(() => [EnvGroup], { description: 'Its groups, in the order in which each wins over those before it.' })
  async envGroups(@Root() { id }: Service, @Ctx() { em }: RequestContext): Promise<EnvGroupRow[]> {
    const order = await em.execute<{ group_id: string }[]>('select group_id from service_env_group where service_id = ? order by position, id', [id]);
    if (order.length === 0) return [];
    const ids = order.map(({ group_id }) => group_id);
    const groups = await readEnvGroups(em, [{ sql: `env_group.id in (${ids.map(() => '?').join(', ')})`, params: ids }]);
    return groups.sort((one, other) => ids.indexOf(one.id) - ids.indexOf(other.id));
  }

  private loaderOf(context: RequestContext): DataLoader<string, EffectiveRow[]> {
    const known = this.loaders.get(context);
    if (known) return known;
    const loader = new DataLoader(
      async (ids: readonly string[]) => {
        const byService = Map.groupBy(await effectiveVariables(context.em, ids), ({ serviceId }) => serviceId);
        return ids.map((id) => byService.get(id) ?? []);
      },
      { cache: false },
    );
    this.loaders.set(context, loader);
    return loader;
  }
}

@Resolver(() => EnvGroup)
export class EnvGroupFields {
  constructor(private readonly orchestrator: Orchestrator) {}

  @FieldResolver(() => [Service], { description: 'The services that have it attached.' })
  services(@Root() { id }: EnvGroup, @Ctx() { em }: RequestContext): Promise<ServiceRow[]> {
    const attached = { sql: 'service.id in (select service_id from service_env_group where group_id = ?)', params: [id] };
    return readServices(em, [attached], { limit: null, after: null }, this.orchestrator);
  }
}
