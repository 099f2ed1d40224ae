import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { badRequest } from '../../../errors.js';
import type { Vault } from '../../../vault/vault.js';
import { LOG_LEVELS, type LogFilter, type LogPage, type LogSearch as Search } from '../../port.js';
import { HEAD_BYTES, readFilter, readLines, type SegmentContent } from './segment-file.js';
import type { SegmentFiles } from './segment-folder.js';
import { shownLine } from './stored-line.js';
import { isPlain, mayHold } from './trigram-filter.js';

/** Segments that are read while another is looked through: memory stays at a few of them. */
const AHEAD = 4;
const ROWS = 64;
/** A page that is not full by then is given as it is, and says where to go on. */
const BUDGET_MS = 700;

interface SegmentRow {
  id: string;
  team_id: string;
  first_line: string;
  lines: number;
  sealed_key: string;
}

/** Looks through what is kept of one source, newest lines first or oldest first. */
export class LogSearcher {
  constructor(
    private readonly orm: MikroORM,
    private readonly vault: Pick<Vault, 'open'>,
    private readonly files: SegmentFiles,
  ) {}

  /** Throws BAD_REQUEST for a cursor that is none. */
  async search(source: string, search: Search, signal: AbortSignal): Promise<LogPage> {
    const end = performance.now() + BUDGET_MS;
    const page = new PageInMaking(search);
    let at = search.after === undefined ? null : lineOf(search.after);
    for await (const { row, content } of this.#segments(source, search, at, signal)) {
      at = content ? page.take(row, content, at) : page.pass(row);
      if (page.isFull) return page.upTo(at, true);
      if (performance.now() > end) return page.upTo(at, true);
    }
    return page.upTo(at, false);
  }

  /** The segments that may matter, a few of them read ahead; `content` is null where the text is certainly not in it. */
  async *#segments(source: string, search: Search, after: number | null, signal: AbortSignal): AsyncGenerator<{ row: SegmentRow; content: SegmentContent | null }> {
    const em = this.orm.em.fork();
    const reading: { row: SegmentRow; content: Promise<SegmentContent | null> }[] = [];
    for (let at = after, isLast = false; !isLast; ) {
      const rows = await readRows(em, source, search, at);
      isLast = rows.length < ROWS;
      for (const row of rows) {
        signal.throwIfAborted();
        at = search.oldestFirst ? Number(row.first_line) + row.lines - 1 : Number(row.first_line);
        const content = this.#read(em, row, search.filter, signal);
        content.catch(() => undefined);
        reading.push({ row, content });
        if (reading.length < AHEAD) continue;
        const next = reading.shift()!;
        yield { row: next.row, content: await next.content };
      }
    }
    for (const { row, content } of reading) yield { row, content: await content };
  }

  async #read(em: EntityManager, { id, team_id, sealed_key }: SegmentRow, { text }: LogFilter, signal: AbortSignal): Promise<SegmentContent | null> {
    const key = Buffer.from(await this.vault.open(em, team_id, id, sealed_key), 'base64');
    if (text !== undefined && text.length >= 3) {
      const head = await this.files.head(team_id, id, HEAD_BYTES, signal);
      const filter = head && (await readFilter(id, key, head));
      if (filter && !mayHold(filter, text)) return null;
    }
    const bytes = await this.files.read(team_id, id, signal);
    // It was let go, or merged, since its row was read.
    return bytes ? readLines(id, key, bytes) : null;
  }
}

/** Collects lines until it has enough of them. */
class PageInMaking {
  readonly #lines: LogPage['lines'] = [];

  constructor(private readonly search: Search) {}

  get isFull(): boolean {
    return this.#lines.length >= this.search.first;
  }

  /** Takes what is wanted of a segment; answers the number of the last line that was looked at. */
  take(row: SegmentRow, content: SegmentContent, after: number | null): number {
    const { oldestFirst, filter, since, until } = this.search;
    const firstLine = Number(row.first_line);
    const candidates = candidatesOf(content, filter);
    for (const index of oldestFirst ? candidates : candidates.reverse()) {
      const number = firstLine + index;
      if (after !== null && (oldestFirst ? number <= after : number >= after)) continue;
      const line = shownLine(content.text.line(index), filter);
      if (!line || (since && line.timestamp < since) || (until && line.timestamp >= until)) continue;
      this.#lines.push({ line, cursor: cursorOf(number) });
      if (this.isFull) return number;
    }
    return this.pass(row);
  }

  /** Nothing of the segment is wanted. */
  pass({ first_line, lines }: SegmentRow): number {
    return this.search.oldestFirst ? Number(first_line) + lines - 1 : Number(first_line);
  }

  upTo(line: number | null, hasNextPage: boolean): LogPage {
    return { lines: this.#lines, hasNextPage, endCursor: line === null ? (this.search.after ?? null) : cursorOf(line) };
  }
}

/** The lines that are worth reading, rising: where the text stands in its bytes, only those. */
function candidatesOf({ text, hasColors, hasEscapes }: SegmentContent, filter: LogFilter): number[] {
  const looked = filter.text;
  if (looked !== undefined && looked !== '' && !hasColors && !looked.includes('\n') && (isPlain(looked) || !hasEscapes)) return text.holding(Buffer.from(looked));
  return Array.from({ length: text.length }, (_none, index) => index);
}

function readRows(em: EntityManager, source: string, { filter, since, until, oldestFirst }: Search, after: number | null): Promise<SegmentRow[]> {
  const conditions: [string, ...unknown[]][] = [['source = ?', source]];
  if (after !== null) conditions.push(oldestFirst ? ['first_line + lines - 1 > ?', after] : ['first_line < ?', after]);
  if (since) conditions.push(['ends_at >= ?', since]);
  if (until) conditions.push(['begins_at < ?', until]);
  if (filter.replica !== undefined) conditions.push(['? = any(replicas)', filter.replica]);
  if (filter.level !== undefined) conditions.push(['(levels & ?) <> 0', bitsFrom(filter.level)]);
  return em.execute<SegmentRow[]>(
    `select id, team_id, first_line, lines, sealed_key from log_segment where ${conditions.map(([sql]) => sql).join(' and ')} order by first_line ${oldestFirst ? 'asc' : 'desc'} limit ${ROWS}`,
    conditions.flatMap(([, ...params]) => params),
  );
}

/** This level and the worse ones, as `log_segment.levels` has them. */
const bitsFrom = (level: (typeof LOG_LEVELS)[number]): number => LOG_LEVELS.reduce((bits, one, index) => (index >= LOG_LEVELS.indexOf(level) ? bits | (1 << (index + 1)) : bits), 0);

/** The cursor behind a line. */
export const cursorOf = (line: number): string => Buffer.from(`h${line}`).toString('base64url');

/** The number of the line that a cursor stands behind. Throws BAD_REQUEST. */
export function lineOf(cursor: string): number {
  const [, number] = /^h(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (!number) throw badRequest('The cursor is not valid.', [{ path: 'after', message: 'must be the endCursor of a page of this history' }]);
  return Number(number);
}
