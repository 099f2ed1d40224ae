import type { EntityManager } from '@mikro-orm/postgresql';
import type { Condition } from '../../auth/tenant-scope.js';
import type { EnvGroup } from '../../entities/env-group.js';

export type EnvGroupRow = Pick<EnvGroup, 'id' | 'teamId' | 'name' | 'revision' | 'createdAt' | 'keys' | 'environment' | 'environmentId'>;

interface Raw {
  id: string;
  team_id: string;
  environment_id: string | null;
  environment_name: string | null;
  name: string;
  revision: number;
  created_at: string;
  keys: string[];
}

const SELECT = `
  select env_group.id, env_group.team_id, env_group.environment_id, environment.name as environment_name, env_group.name, env_group.revision, env_group.created_at,
    (select coalesce(json_agg(of_group.key order by of_group.key), '[]') from env_group_variable of_group where of_group.group_id = env_group.id and of_group.replaced_at is null) as keys
  from env_group left join environment on environment.id = env_group.environment_id`;

/** Groups with the names of their variables, oldest first; never a value. */
export async function readEnvGroups(em: EntityManager, conditions: readonly Condition[]): Promise<EnvGroupRow[]> {
  const where = ['env_group.deleted_at is null', ...conditions.map(({ sql }) => sql)].join(' and ');
  const rows = await em.execute<Raw[]>(`${SELECT} where ${where} order by env_group.created_at, env_group.id`, conditions.flatMap(({ params }) => params));
  return rows.map((row) => ({
    id: row.id,
    teamId: row.team_id,
    environmentId: row.environment_id,
    environment: row.environment_name,
    name: row.name,
    revision: row.revision,
    createdAt: new Date(row.created_at),
    keys: row.keys,
  }));
}

export const readEnvGroup = async (em: EntityManager, id: string): Promise<EnvGroupRow> => (await readEnvGroups(em, [{ sql: 'env_group.id = ?', params: [id] }]))[0]!;
