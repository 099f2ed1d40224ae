import type { EntityManager } from '@mikro-orm/postgresql';
import type { Condition } from '../../auth/tenant-scope.js';
import type { WorkloadSpec } from '../../entities/workload-spec.js';
import type { PageWish } from '../../schema/page.js';
import type { ReleaseVariable, ReleaseView } from '../../schema/release.types.js';

interface Raw {
  id: string;
  service_id: string;
  number: number;
  digest: string | null;
  spec: WorkloadSpec | string;
  variable_ids: string[] | string;
  manifest_hash: string | null;
  created_at: Date | string;
}

/** Releases of services that are not deleted, newest first; one more than the limit where there are more. */
export async function readReleases(em: EntityManager, conditions: readonly Condition[], page: PageWish = { limit: null, after: null }): Promise<ReleaseView[]> {
  const all = [...conditions];
  if (page.after) all.push({ sql: '(release.created_at, release.id) < (?, ?)', params: [page.after.createdAt, page.after.id] });
  const where = ['service.deleted_at is null', ...all.map(({ sql }) => sql)].join(' and ');
  const rows = await em.execute<Raw[]>(
    `select release.* from release join service on service.id = release.service_id where ${where}
     order by release.created_at desc, release.id desc${page.limit === null ? '' : ` limit ${page.limit + 1}`}`,
    all.flatMap(({ params }) => params),
  );
  return rows.map(releaseOf);
}

function releaseOf(row: Raw): ReleaseView {
  const spec = json(row.spec);
  return {
    id: row.id,
    serviceId: row.service_id,
    number: row.number,
    image: spec.image,
    digest: row.digest,
    command: spec.command,
    args: spec.args,
    containerPort: spec.containerPort,
    healthCheck: spec.healthCheck,
    resources: spec.resources,
    preDeploy: spec.preDeploy ?? null,
    manifestHash: row.manifest_hash,
    variableIds: json(row.variable_ids),
    createdAt: new Date(row.created_at),
  };
}

const json = <T>(value: T | string): T => (typeof value === 'string' ? (JSON.parse(value) as T) : value);

/** Names and revisions of the variables that each release pinned, by release. */
export async function readReleaseVariables(em: EntityManager, releaseIds: readonly string[]): Promise<Map<string, (ReleaseVariable & { id: string })[]>> {
  const rows = await em.execute<{ release_id: string; id: string; key: string; revision: number; group_name: string | null }[]>(
    `with pinned as (select release.id as release_id, id.value::uuid as id from release, jsonb_array_elements_text(release.variable_ids) id where release.id = any(?::uuid[]))
     select pinned.release_id, variable.id, variable.key, variable.revision, null as group_name from pinned join variable on variable.id = pinned.id
     union all
     select pinned.release_id, of_group.id, of_group.key, of_group.revision, env_group.name
     from pinned join env_group_variable of_group on of_group.id = pinned.id join env_group on env_group.id = of_group.group_id
     order by 3`,
    [`{${releaseIds.join(',')}}`],
  );
  const found = new Map<string, (ReleaseVariable & { id: string })[]>();
  for (const { release_id, id, key, revision, group_name } of rows) found.set(release_id, [...(found.get(release_id) ?? []), { id, key, revision, group: group_name }]);
  return found;
}
