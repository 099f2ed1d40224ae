import type { EntityManager } from '@mikro-orm/postgresql';
import { ManagedDatabase } from '../../entities/managed-database.js';
import type { Preview } from '../../entities/preview.js';
import { Service } from '../../entities/service.js';
import { followsHost } from '../webhook/follows-host.js';

/** What a preview is a copy of. */
export interface PreviewPlan {
  /** Services of the repository that have previews on. */
  own: Service[];
  /** Services that those name as needed, and those that these name in turn. */
  needed: Service[];
  databases: ManagedDatabase[];
  notes: string[];
}

export interface PreviewedWish {
  teamId?: string;
  /** Whose own webhook told. */
  serviceId?: string | null;
  /** Hosts of repositories of which nothing else is said; null: the pull request is known to be of theirs. */
  hosts: readonly string[] | null;
}

/** The services of a pull request's repository that have previews on, of one team or of all, oldest first. */
export async function previewedServices(tx: EntityManager, { repository, url }: { repository: string; url: string }, wish: PreviewedWish): Promise<Service[]> {
  const { host } = new URL(url);
  const rows = await tx.execute<{ id: string }[]>(
    `select service.id from service join environment on environment.id = service.environment_id
     where lower(service.source->>'repository') = lower(?) and (service.previews->>'enabled')::boolean and service.deleted_at is null
       and ${followsHost('?', wish.serviceId || !wish.hosts ? 'true' : 'false')}
       and environment.kind = 'STAGE' and environment.deleted_at is null${wish.teamId ? ' and service.team_id = ?' : ''}${wish.serviceId ? ' and service.id = ?' : ''}`,
    [repository, host, host, host, wish.hosts?.join(',') ?? '', ...(wish.teamId ? [wish.teamId] : []), ...(wish.serviceId ? [wish.serviceId] : [])],
  );
  return rows.length === 0 ? [] : tx.find(Service, { id: { $in: rows.map(({ id }) => id) } }, { orderBy: { createdAt: 'asc', id: 'asc' } });
}

/**
 * Looks up what the previewed services need, each in its own environment. Of several services or databases of one name,
 * which are one in several stages, the first that is met is copied. A database that a variable of a copied service refers
 * to is needed without being named: a copy cannot reach that of another environment.
 */
export async function planPreview(tx: EntityManager, preview: Preview, own: Service[]): Promise<PreviewPlan> {
  const taken = new Map<string, Service | ManagedDatabase>();
  const plan: PreviewPlan = { own: [], needed: [], databases: [], notes: [] };
  for (const service of own) {
    if (taken.has(service.name)) {
      plan.notes.push(`There are several services "${service.name}" that follow ${preview.repository}: the oldest was copied.`);
      continue;
    }
    taken.set(service.name, service);
    plan.own.push(service);
  }
  const queue = [...plan.own];
  for (const service of queue) {
    for (const name of service.previews?.needs ?? []) await need(service, name);
    const linked = await tx.execute<{ name: string }[]>(
      'select distinct database.name from variable join managed_database database on database.id = variable.database_id where variable.service_id = ? and variable.replaced_at is null and database.environment_id = ? order by 1',
      [service.id, service.environmentId],
    );
    for (const { name } of linked) await need(service, name);
  }
  return plan;

  async function need({ environmentId, name: by }: Service, name: string): Promise<void> {
    if (taken.has(name)) return;
    const service = await tx.findOne(Service, { environmentId, name, deletedAt: null });
    const database = service ? null : await tx.findOne(ManagedDatabase, { environmentId, name, deletedAt: null });
    const found = service ?? database;
    if (!found) return void plan.notes.push(`"${name}", which "${by}" needs, does not exist in its environment.`);
    taken.set(name, found);
    if (database) {
      plan.databases.push(database);
      plan.notes.push(`The database "${name}" is a new, empty one: nothing of what is in the one that it stands for was copied.`);
    } else if (service) {
      plan.needed.push(service);
      queue.push(service);
    }
  }
}
