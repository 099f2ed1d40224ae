import type { MikroORM } from '@mikro-orm/postgresql';
import { requireFence, type Fence } from '../../../entities/fence.js';
import type { LogLine, LogPage, LogSearch } from '../../port.js';
import { cursorOf, lineOf } from '../history/log-search.js';
import type { DrainedSource } from './drained-line.js';

const BATCH_LINES = 1_000;
const BATCH_BYTES = 1024 * 1024;

/** What is sent next: `dropped` lines before it are no longer kept, or too many to wait. */
export interface DrainBatch {
  from: DrainedSource;
  lines: LogLine[];
  dropped: number;
  nextLine: number;
}

type Search = (source: string, search: LogSearch, signal: AbortSignal) => Promise<LogPage>;

interface Waiting extends DrainedSource {
  next_line: string;
}

/**
 * What waits for one drain. It is the history itself, from the drain's place on: nothing is held in memory, a restart loses
 * nothing, and sent + dropped + waiting lines are all that were kept since the drain was made.
 */
export class DrainQueue {
  constructor(
    private readonly orm: MikroORM,
    private readonly search: Search,
    /** Its name in `log_drain_position`. */
    private readonly drain: string,
    /** Null for the lines of all teams. */
    private readonly teamId: string | null,
    /** More may not wait: the oldest are dropped. */
    private readonly mostBytes: number,
  ) {}

  /** The next lines of each source that has some. */
  async *batches(signal: AbortSignal): AsyncGenerator<DrainBatch> {
    for (const from of await this.#waiting()) {
      const begin = Number(from.next_line);
      const room = await this.#boundOf(from.source, begin);
      const page = await this.search(from.source, { filter: {}, first: BATCH_LINES, oldestFirst: true, ...(room > 0 && { after: cursorOf(room - 1) }) }, signal);
      const lines = within(page.lines);
      const [first, last] = [lines[0], lines.at(-1)];
      if (!first || !last) {
        // All that waited was let go.
        if (!page.hasNextPage) yield { from, lines: [], dropped: await this.#endOf(from.source) - begin, nextLine: await this.#endOf(from.source) };
        continue;
      }
      yield { from, lines: lines.map(({ line }) => line), dropped: lineOf(first.cursor) - begin, nextLine: lineOf(last.cursor) + 1 };
    }
  }

  /** Moves the drain's place. Throws `LeaseLost` where another server sends now. */
  async advance({ from, lines, dropped, nextLine }: DrainBatch, fence: Fence): Promise<void> {
    await this.orm.em.fork().transactional(async (tx) => {
      await requireFence(tx, fence);
      await tx.execute(
        'insert into log_drain_position (drain, source, next_line) values (?, ?, ?) on conflict (drain, source) do update set next_line = excluded.next_line',
        [this.drain, from.source, nextLine],
        'run',
      );
      await tx.execute(
        `update log_drain set sent = sent + ?, dropped = dropped + ?, last_error = null${lines.length > 0 ? ', last_sent_at = now()' : ''} where id::text = ?`,
        [lines.length, dropped, this.drain],
        'run',
      );
    });
  }

  async #waiting(): Promise<Waiting[]> {
    return this.orm.em.fork().execute<Waiting[]>(
      `select trail.source, trail.team_id as "teamId", coalesce(position.next_line, 0) as next_line, coalesce(service.name, managed_database.name) as name, environment.name as environment,
              service.id as "serviceId"
       from log_trail trail
         cross join lateral (select split_part(trail.source, '/', 1) as kind, split_part(trail.source, '/', 2)::uuid as id) named
         left join deployment on named.kind = 'pre-deploy' and deployment.id = named.id
         left join service on service.id = case named.kind when 'service' then named.id else deployment.service_id end
         left join managed_database on named.kind = 'database' and managed_database.id = named.id
         join environment on environment.id = coalesce(service.environment_id, managed_database.environment_id)
         left join log_drain_position position on position.drain = ? and position.source = trail.source
       where trail.next_line > coalesce(position.next_line, 0) ${this.teamId === null ? '' : 'and trail.team_id = ?'} order by trail.source`,
      this.teamId === null ? [this.drain] : [this.drain, this.teamId],
    );
  }

  /** Where what may wait begins: the newest segments that fit, and at least one. */
  async #boundOf(source: string, begin: number): Promise<number> {
    const [row] = await this.orm.em.fork().execute<{ first_line: string | null }[]>(
      `select min(first_line) as first_line from (
         select first_line, sum(bytes) over (order by first_line desc) - bytes as newer from log_segment where source = ? and first_line + lines > ?
       ) waiting where newer < ?`,
      [source, begin, this.mostBytes],
    );
    return Math.max(begin, Number(row?.first_line ?? begin));
  }

  async #endOf(source: string): Promise<number> {
    const [row] = await this.orm.em.fork().execute<{ next_line: string }[]>('select next_line from log_trail where source = ?', [source]);
    return Number(row?.next_line ?? 0);
  }
}

function within(lines: LogPage['lines']): LogPage['lines'] {
  let bytes = 0;
  const end = lines.findIndex(({ line }, index) => (bytes += line.raw.length) > BATCH_BYTES && index > 0);
  return end < 0 ? lines : lines.slice(0, end);
}
