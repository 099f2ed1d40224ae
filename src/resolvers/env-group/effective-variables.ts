import type { EntityManager } from '@mikro-orm/postgresql';

/** A variable as a service gets it, and from where. */
export interface EffectiveRow {
  serviceId: string;
  /** Of the row that holds the value. */
  id: string;
  key: string;
  revision: number;
  /** Null for the service's own. */
  groupId: string | null;
  groupName: string | null;
  sealedValue: string;
}

interface Raw {
  service_id: string;
  id: string;
  key: string;
  revision: number;
  group_id: string | null;
  group_name: string | null;
  sealed_value: string;
}

/** One statement, so that what it answers is of one moment: no group is half new. */
const EFFECTIVE = `
  select distinct on (service_id, key) service_id, id, key, revision, group_id, group_name, sealed_value from (
    select variable.service_id, variable.id, variable.key, variable.revision, null::uuid as group_id, null as group_name, variable.sealed_value, 2147483647 as position
    from variable where variable.service_id = any(?::uuid[]) and variable.scope = 'RUN' and variable.replaced_at is null
    union all
    select attached.service_id, of_group.id, of_group.key, of_group.revision, env_group.id, env_group.name, of_group.sealed_value, attached.position
    from service_env_group attached join env_group on env_group.id = attached.group_id
      join env_group_variable of_group on of_group.group_id = env_group.id and of_group.replaced_at is null
    where attached.service_id = any(?::uuid[])
  ) everything order by service_id, key, position desc`;

/** The variables that each service gets, by key: its own win, then a later group over an earlier. */
export async function effectiveVariables(em: EntityManager, serviceIds: readonly string[]): Promise<EffectiveRow[]> {
  const ids = `{${serviceIds.join(',')}}`;
  const rows = await em.execute<Raw[]>(EFFECTIVE, [ids, ids]);
  return rows.map((row) => ({
    serviceId: row.service_id, id: row.id, key: row.key, revision: row.revision, groupId: row.group_id, groupName: row.group_name, sealedValue: row.sealed_value,
  }));
}
