import type { EntityManager } from '@mikro-orm/postgresql';
import { PRODUCTION } from '../../entities/environment.js';

export interface Belonging {
  noun: string;
  count: number;
}

/** What a team owns beside its members, its key and `production`. */
export async function belongings(em: EntityManager, teamId: string): Promise<Belonging[]> {
  const [row] = await em.execute<[Record<string, number>]>(
    `select (select count(*)::int from service where team_id = :team and deleted_at is null) as services,
       (select count(*)::int from environment where team_id = :team and deleted_at is null and name <> '${PRODUCTION}') as environments,
       (select count(*)::int from managed_database where team_id = :team) as databases,
       (select count(*)::int from env_group where team_id = :team and deleted_at is null) as "environment groups",
       (select count(*)::int from registry_credential where team_id = :team) as "registry credentials"`.replaceAll(':team', '?'),
    [teamId, teamId, teamId, teamId, teamId],
  );
  return Object.entries(row).map(([noun, count]) => ({ noun, count })).filter(({ count }) => count > 0);
}

export const tell = (owned: readonly Belonging[]): string =>
  owned.map(({ noun, count }) => (count === 1 ? `1 ${noun.replace(/s$/, '')}` : `${count} ${noun}`)).join(', ');
