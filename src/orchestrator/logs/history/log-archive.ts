import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { newId } from '../../../entities/columns.js';
import { requireFence, type Fence } from '../../../entities/fence.js';
import type { Vault } from '../../../vault/vault.js';
import { LOG_LEVELS } from '../../port.js';
import { toDate } from '../log-position.js';
import { readText } from '../line-text.js';
import { readLines, writeSegment } from './segment-file.js';
import type { SegmentFiles } from './segment-folder.js';
import type { StoredLine } from './stored-line.js';

/** So many small segments in a row become one. */
const MERGED_SEGMENTS = 16;
/** One that is larger stays as it is. */
const SMALL_BYTES = 512 * 1024;

/** What one source said since the last write. */
export interface Harvest {
  source: string;
  teamId: string;
  lines: StoredLine[];
  /** Where the source's log goes on behind these lines. */
  cursor: string | null;
  lost: number;
  gaps: number;
}

interface NewSegment {
  id: string;
  teamId: string;
  source: string;
  key: Buffer;
  storedBytes: number;
  lines: StoredLine[];
}

/** Writes what is kept: first the files, then the rows that make them count, all in one transaction of who holds the lease. */
export class LogArchive {
  constructor(
    private readonly orm: MikroORM,
    private readonly vault: Pick<Vault, 'open' | 'seal'>,
    private readonly files: SegmentFiles,
  ) {}

  /** Where each source goes on; none where nothing was kept of it yet. */
  async cursors(sources: readonly string[]): Promise<Map<string, string | null>> {
    if (sources.length === 0) return new Map();
    const rows = await this.orm.em.fork().execute<{ source: string; cursor: string | null }[]>('select source, cursor from log_trail where source in (?)', [sources]);
    return new Map(rows.map(({ source, cursor }) => [source, cursor]));
  }

  /** Keeps the lines, once: a writer whose lease was taken over throws `LeaseLost` and has changed nothing. */
  async append(harvests: readonly Harvest[], fence: Fence): Promise<void> {
    const segments = await Promise.all(harvests.map((harvest) => (harvest.lines.length > 0 ? this.#writeFile(harvest) : null)));
    await this.#commit(segments.filter((segment) => segment !== null), async (tx) => {
      await requireFence(tx, fence);
      for (const [index, harvest] of harvests.entries()) {
        const firstLine = await advance(tx, harvest);
        const segment = segments[index];
        if (segment) await this.#insert(tx, segment, firstLine);
      }
    });
  }

  /** Makes one segment of many small ones that follow each other. */
  async merge(source: string, fence: Fence): Promise<void> {
    const em = this.orm.em.fork();
    const rows = await em.execute<{ id: string; team_id: string; first_line: string; bytes: number; sealed_key: string }[]>(
      `select id, team_id, first_line, bytes, sealed_key from log_segment where source = ? order by first_line desc limit ${MERGED_SEGMENTS}`,
      [source],
    );
    if (rows.length < MERGED_SEGMENTS || rows.some(({ bytes }) => bytes >= SMALL_BYTES)) return;
    const lines: StoredLine[] = [];
    for (const { id, team_id, sealed_key } of rows.reverse()) {
      const bytes = await this.files.read(team_id, id);
      if (!bytes) return;
      lines.push(...(await readLines(id, await this.#keyOf(em, team_id, id, sealed_key), bytes)).text.all());
    }
    const [first] = rows;
    const segment = await this.#writeFile({ source, teamId: first!.team_id, lines });
    await this.#commit([segment], async (tx) => {
      await requireFence(tx, fence);
      const gone = await tx.execute<unknown[]>('delete from log_segment where id in (?) returning id', [rows.map(({ id }) => id)]);
      // Some were let go meanwhile: then the rest is merged the next time.
      if (gone.length < rows.length) throw new Superseded();
      await this.#insert(tx, segment, Number(first!.first_line));
    }).then(
      () => Promise.all(rows.map(({ id, team_id }) => this.files.remove(team_id, id))),
      (error: unknown) => {
        if (!(error instanceof Superseded)) throw error;
      },
    );
  }

  async #keyOf(em: EntityManager, teamId: string, id: string, sealed: string): Promise<Buffer> {
    return Buffer.from(await this.vault.open(em, teamId, id, sealed), 'base64');
  }

  async #writeFile({ source, teamId, lines }: Pick<Harvest, 'source' | 'teamId' | 'lines'>): Promise<NewSegment> {
    const id = newId();
    const { key, bytes } = await writeSegment(id, lines);
    await this.files.write(teamId, id, bytes);
    return { id, teamId, source, key, storedBytes: bytes.length, lines };
  }

  /** Files whose rows were not written are of no use; what a crash leaves is swept later. */
  async #commit(segments: readonly NewSegment[], work: (tx: EntityManager) => Promise<void>): Promise<void> {
    try {
      await this.orm.em.fork().transactional(work);
    } catch (error) {
      await Promise.all(segments.map(({ teamId, id }) => this.files.remove(teamId, id).catch(() => undefined)));
      throw error;
    }
  }

  async #insert(tx: EntityManager, { id, teamId, source, key, storedBytes, lines }: NewSegment, firstLine: number): Promise<void> {
    const sealedKey = await this.vault.seal(tx, teamId, id, key.toString('base64'));
    const { begins, ends, levels, bytes } = summary(lines);
    await tx.execute(
      `insert into log_segment (id, team_id, source, first_line, lines, bytes, stored_bytes, begins_at, ends_at, levels, replicas, sealed_key, created_at)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, string_to_array(?, ','), ?, now())`,
      [id, teamId, source, firstLine, lines.length, bytes, storedBytes, toDate(begins), toDate(ends), levels, [...new Set(lines.map(({ replica }) => replica))].join(','), sealedKey],
      'run',
    );
  }
}

class Superseded extends Error {}

/** Moves the source's end behind the new lines; answers the number of the first of them. */
async function advance(tx: EntityManager, { source, teamId, lines, cursor, lost, gaps }: Harvest): Promise<number> {
  const [row] = await tx.execute<{ next_line: string }[]>(
    `insert into log_trail (source, team_id, next_line, cursor, lost_lines, gaps, dropped_lines) values (?, ?, ?, ?, ?, ?, 0)
     on conflict (source) do update set next_line = log_trail.next_line + excluded.next_line, cursor = coalesce(excluded.cursor, log_trail.cursor),
       lost_lines = log_trail.lost_lines + excluded.lost_lines, gaps = log_trail.gaps + excluded.gaps
     returning next_line`,
    [source, teamId, lines.length, cursor, lost, gaps],
  );
  return Number(row!.next_line) - lines.length;
}

function summary(lines: readonly StoredLine[]): { begins: bigint; ends: bigint; levels: number; bytes: number } {
  let { ns: begins } = lines[0]!;
  let ends = begins;
  let levels = 0;
  let bytes = 0;
  for (const { ns, raw } of lines) {
    if (ns < begins) begins = ns;
    if (ns > ends) ends = ns;
    const { level } = readText(raw);
    levels |= 1 << (level === null ? 0 : LOG_LEVELS.indexOf(level) + 1);
    bytes += Buffer.byteLength(raw) + 1;
  }
  return { begins, ends, levels, bytes };
}
