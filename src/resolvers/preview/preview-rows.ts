import type { EntityManager } from '@mikro-orm/postgresql';
import type { Condition } from '../../auth/tenant-scope.js';
import type { Preview } from '../../entities/preview.js';
import { PreviewState } from '../../entities/preview-state.js';
import { notFound } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import type { PageWish } from '../../schema/page.js';
import { readDatabases, type DatabaseRow } from '../database/database-rows.js';
import { readServices, type EnvironmentRow, type ServiceRow } from '../service/service-rows.js';

const DAY_MS = 86_400_000;

/** A preview as a list shows it, with what is in it. */
export type PreviewRow = Pick<Preview, 'id' | 'teamId' | 'repository' | 'number' | 'url' | 'branch' | 'commit' | 'fork' | 'state' | 'message' | 'notes' | 'approvedCommit' | 'lastActivityAt' | 'createdAt' | 'closedAt'> & {
  environment: EnvironmentRow | null;
  services: ServiceRow[];
  databases: DatabaseRow[];
  closesAt: Date | null;
};

type Raw = Omit<PreviewRow, 'environment' | 'services' | 'databases' | 'closesAt' | 'notes'> & {
  notes: string | string[];
  environmentId: string | null;
  environmentName: string;
  environmentKind: EnvironmentRow['kind'];
  environmentProtected: boolean;
  environmentCreatedAt: string;
};

const COLUMNS = `preview.id, preview.team_id as "teamId", preview.repository, preview.number, preview.url, preview.branch, preview.commit_sha as "commit", preview.fork, preview.state, preview.message,
  preview.notes, preview.approved_commit as "approvedCommit", preview.last_activity_at as "lastActivityAt", preview.created_at as "createdAt", preview.closed_at as "closedAt",
  environment.id as "environmentId", environment.name as "environmentName", environment.kind as "environmentKind", environment.protected as "environmentProtected", environment.created_at as "environmentCreatedAt"`;

export interface PreviewReading {
  addresses: Pick<Orchestrator, 'urlOf'>;
  /** After so many days in which nothing happens a preview is closed; 0: never. */
  idleDays: number;
}

const WHOLE: PageWish = { limit: null, after: null };

/** Newest first, in three statements; one more than the limit where there are more. */
export async function readPreviews(em: EntityManager, conditions: readonly Condition[], { addresses, idleDays }: PreviewReading, page: PageWish = WHOLE): Promise<PreviewRow[]> {
  const all = [...conditions];
  if (page.after) all.push({ sql: '(preview.created_at, preview.id) < (?, ?)', params: [page.after.createdAt, page.after.id] });
  const rows = await em.execute<Raw[]>(
    `select ${COLUMNS} from preview left join environment on environment.id = preview.environment_id and environment.deleted_at is null
     where ${all.map(({ sql }) => sql).join(' and ')} order by preview.created_at desc, preview.id desc${page.limit === null ? '' : ` limit ${page.limit + 1}`}`,
    all.flatMap(({ params }) => params),
  );
  const environments = rows.flatMap(({ environmentId }) => environmentId ?? []).join(',');
  const within = (column: string): Condition => ({ sql: `${column} = any(string_to_array(?, ',')::uuid[])`, params: [environments] });
  const services = environments ? await readServices(em, [within('service.environment_id')], WHOLE, addresses) : [];
  const databases = environments ? await readDatabases(em, [within('d.environment_id'), { sql: 'd.deleted_at is null', params: [] }], WHOLE) : [];
  return rows.map(({ environmentId: id, environmentName: name, environmentKind: kind, environmentProtected, environmentCreatedAt, notes, ...row }) => ({
    ...row,
    notes: typeof notes === 'string' ? (JSON.parse(notes) as string[]) : notes,
    lastActivityAt: new Date(row.lastActivityAt),
    createdAt: new Date(row.createdAt),
    closedAt: row.closedAt && new Date(row.closedAt),
    closesAt: row.state === PreviewState.CLOSED || idleDays === 0 ? null : new Date(new Date(row.lastActivityAt).getTime() + idleDays * DAY_MS),
    environment: id ? { id, teamId: row.teamId, name, kind, protected: environmentProtected, createdAt: new Date(environmentCreatedAt) } : null,
    services: services.filter(({ environment }) => environment.id === id),
    databases: databases.filter(({ environment }) => environment.id === id),
  }));
}

/** The preview as the caller's transaction sees it. */
export async function readPreview(em: EntityManager, id: string, reading: PreviewReading): Promise<PreviewRow> {
  const [preview] = await readPreviews(em, [{ sql: 'preview.id = ?', params: [id] }], reading);
  if (!preview) throw notFound();
  return preview;
}
