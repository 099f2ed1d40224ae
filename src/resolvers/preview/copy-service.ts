import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../../entities/columns.js';
import type { Preview } from '../../entities/preview.js';
import { PreviewVariable } from '../../entities/preview-variable.js';
import { Service } from '../../entities/service.js';
import { ServiceEnvGroup } from '../../entities/service-env-group.js';
import { Variable, VariableKind, VariableScope } from '../../entities/variable.js';
import type { Vault } from '../../vault/vault.js';
import { claimHost } from '../service/claim-host.js';

const MOST_REPLICAS = 1;
const NAME_IN_HOST = 45;

export interface CopyWish {
  preview: Preview;
  environmentId: string;
  /** The copies of databases, by the id of what they stand for. */
  databases: ReadonlyMap<string, string>;
  vault: Vault;
  domain: string;
}

/** What a preview's copy runs and follows: the service's own, with the pull request's branch and its image. */
export const previewOf = (service: Service, { branch, commit, number, repository }: Preview): Pick<Service, 'image' | 'source'> => {
  const isOwn = service.source?.repository.toLowerCase() === repository.toLowerCase();
  const template = isOwn ? service.previews?.image : null;
  return {
    image: template ? template.replaceAll('{commit}', commit).replaceAll('{number}', String(number)) : service.image,
    source: isOwn && service.source ? { ...service.source, branch } : null,
  };
};

/**
 * A copy of the service in a preview's environment, under the same name, with a host of its own and at most one replica,
 * in the caller's transaction. Its variables are the service's own, but for those that are overridden in previews; of
 * groups it has those that are the whole team's, and none that belongs to one environment.
 */
export async function copyService(tx: EntityManager, original: Service, wish: CopyWish): Promise<Service> {
  const { preview, environmentId } = wish;
  const { command, args, healthCheck, resources, preDeploy } = original;
  const copy = Object.assign(new Service(), {
    id: newId(), teamId: original.teamId, environmentId, name: original.name, ...previewOf(original, preview),
    command: command && [...command], args: args && [...args], containerPort: original.containerPort, public: original.public,
    replicas: Math.min(original.replicas, MOST_REPLICAS), healthCheck: healthCheck && { ...healthCheck }, resources: { ...resources },
    preDeploy: preDeploy && { ...preDeploy }, deployTimeoutSeconds: original.deployTimeoutSeconds, generation: 0, createdAt: new Date(),
  });
  await tx.persist(copy).flush();
  await claimHost(tx, { id: copy.id, name: `${copy.name.slice(0, NAME_IN_HOST).replace(/-+$/, '')}-pr-${preview.number}` }, wish.domain);
  await copyVariables(tx, original, copy, wish);
  for (const { group_id, position } of await tx.execute<{ group_id: string; position: number }[]>(
    `select attached.group_id, attached.position from service_env_group attached join env_group on env_group.id = attached.group_id
     where attached.service_id = ? and env_group.environment_id is null and env_group.deleted_at is null order by attached.position`,
    [original.id],
  )) await tx.insert(ServiceEnvGroup, { id: newId(), serviceId: copy.id, groupId: group_id, position, createdAt: new Date() });
  return copy;
}

async function copyVariables(tx: EntityManager, original: Service, copy: Service, { vault, databases }: CopyWish): Promise<void> {
  const { teamId } = original;
  const overridden = await tx.find(PreviewVariable, { serviceId: original.id });
  const hidden = new Set(overridden.map(({ key }) => key));
  for (const { id, key, scope, kind, sealedValue, databaseId } of await tx.find(Variable, { serviceId: original.id, replacedAt: null }, { orderBy: { key: 'asc' } })) {
    if (scope === VariableScope.RUN && hidden.has(key)) continue;
    const database = databaseId && databases.get(databaseId);
    // What it refers to is not here: the address of another environment's database would be of no use, and its password is not for previews.
    if (databaseId && !database) continue;
    await insert(key, kind, scope, database ? `database/${database}` : await vault.open(tx, teamId, id, sealedValue), database || null);
  }
  for (const { id, key, sealedValue } of overridden) await insert(key, VariableKind.SECRET, VariableScope.RUN, await vault.open(tx, teamId, id, sealedValue), null);

  async function insert(key: string, kind: VariableKind, scope: VariableScope, value: string, databaseId: string | null): Promise<void> {
    const id = newId();
    await tx.insert(Variable, {
      id, serviceId: copy.id, key, kind, scope, revision: 1, sealedValue: await vault.seal(tx, teamId, id, value), databaseId, createdAt: new Date(), replacedAt: null,
    });
  }
}
