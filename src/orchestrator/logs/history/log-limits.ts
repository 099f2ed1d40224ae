import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { requireFence, type Fence } from '../../../entities/fence.js';
import type { LogStorage } from '../../port.js';
import type { SegmentFiles } from './segment-folder.js';

/** How much is kept for each team. */
export interface LogLimits {
  bytes: number;
  days: number;
}

interface Gone {
  id: string;
  team_id: string;
}

/** Of the source of a step before a rollout; the deployment's id follows. */
const PRE_DEPLOY = 'pre-deploy/';
/** A file is written before its row, and no writer takes that long. */
const ORPHAN_MS = 60 * 60 * 1000;

/** Keeps history within its limits: the oldest goes first, and is counted; with a service or a team goes all of its history. */
export class LogKeepingLimits {
  constructor(
    private readonly orm: MikroORM,
    private readonly files: SegmentFiles,
    private readonly limits: LogLimits,
  ) {}

  async enforce(fence: Fence): Promise<void> {
    const gone = await this.orm.em.fork().transactional(async (tx) => {
      await requireFence(tx, fence);
      return [...(await forgetDeleted(tx, this.limits)), ...(await dropOldest(tx, this.limits))];
    });
    for (const { id, team_id } of gone) await this.files.remove(team_id, id);
  }

  /** Removes files that no row names: a server was killed between the two. */
  async sweep(now = new Date()): Promise<void> {
    const em = this.orm.em.fork();
    for await (const { teamId, id } of this.files.written(new Date(now.getTime() - ORPHAN_MS))) {
      const rows = await em.execute<unknown[]>('select 1 from log_segment where id::text = ?', [id]);
      if (rows.length === 0) await this.files.remove(teamId, id);
    }
  }

  async storageOf(teamId: string): Promise<LogStorage> {
    const em = this.orm.em.fork();
    const [kept] = await em.execute<{ lines: string | null; bytes: string | null; stored: string | null; oldest: string | null }[]>(
      'select sum(lines) as lines, sum(bytes) as bytes, sum(stored_bytes) as stored, min(begins_at) as oldest from log_segment where team_id = ?',
      [teamId],
    );
    const [trail] = await em.execute<{ lost: string | null; gaps: string | null; dropped: string | null }[]>(
      'select sum(lost_lines) as lost, sum(gaps) as gaps, sum(dropped_lines) as dropped from log_trail where team_id = ?',
      [teamId],
    );
    return {
      lines: Number(kept?.lines ?? 0),
      bytes: Number(kept?.bytes ?? 0),
      storedBytes: Number(kept?.stored ?? 0),
      oldestAt: kept?.oldest ? new Date(kept.oldest) : null,
      droppedLines: Number(trail?.dropped ?? 0),
      lostLines: Number(trail?.lost ?? 0),
      gaps: Number(trail?.gaps ?? 0),
      limitBytes: this.limits.bytes,
      days: this.limits.days,
    };
  }
}

async function forgetDeleted(tx: EntityManager, { days }: LogLimits): Promise<Gone[]> {
  const owner = (table: string, kind: string): string => `select 1 from ${table} join team on team.id = ${table}.team_id and team.deleted_at is null
    where ${table}.deleted_at is null and log_trail.source = '${kind}/' || ${table}.id`;
  const gone = [
    ...(await tx.execute<{ source: string }[]>(
      `delete from log_trail where source not like '${PRE_DEPLOY}%' and not exists (${owner('service', 'service')}) and not exists (${owner('managed_database', 'database')}) returning source`,
    )),
    // Each deployment has its own, so those whose lines are too old are let go, too.
    ...(await tx.execute<{ source: string }[]>(
      `delete from log_trail where source like '${PRE_DEPLOY}%' and not exists (
         select 1 from deployment join service on service.id = deployment.service_id and service.deleted_at is null join team on team.id = service.team_id and team.deleted_at is null
          where deployment.id = case when log_trail.source like '${PRE_DEPLOY}%' then substr(log_trail.source, ?)::uuid end
            and (deployment.ended_at is null or deployment.ended_at > now() - make_interval(days => ?))) returning source`,
      [PRE_DEPLOY.length + 1, days],
    )),
  ];
  if (gone.length === 0) return [];
  return tx.execute<Gone[]>('delete from log_segment where source in (?) returning id, team_id', [gone.map(({ source }) => source)]);
}

/** The newest that fit stay. */
async function dropOldest(tx: EntityManager, { bytes, days }: LogLimits): Promise<Gone[]> {
  const dropped = await tx.execute<(Gone & { source: string; lines: number })[]>(
    `with newest_first as (
       select id, ends_at, sum(bytes) over (partition by team_id order by ends_at desc, first_line desc, id rows unbounded preceding) as total from log_segment
       where team_id in (select team_id from log_segment group by team_id having sum(bytes) > ? or min(ends_at) < now() - make_interval(days => ?))
     )
     delete from log_segment using newest_first where newest_first.id = log_segment.id and (newest_first.total > ? or newest_first.ends_at < now() - make_interval(days => ?))
     returning log_segment.id, log_segment.team_id, log_segment.source, log_segment.lines`,
    [bytes, days, bytes, days],
  );
  for (const [source, segments] of Map.groupBy(dropped, ({ source }) => source)) {
    await tx.execute('update log_trail set dropped_lines = dropped_lines + ? where source = ?', [segments.reduce((sum, { lines }) => sum + lines, 0), source], 'run');
  }
  return dropped;
}
