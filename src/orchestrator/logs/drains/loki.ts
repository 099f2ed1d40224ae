import { LOG_LEVELS, type LogFilter, type LogLine, type LogPage, type LogSearch } from '../../port.js';
import { badRequest, ApexError } from '../../../errors.js';
import type { GuardedFetch } from '../../../outside/guarded-fetch.js';
import { shownLine } from '../history/stored-line.js';
import { fromDate } from '../log-position.js';
import { DrainRefused, type DrainedSource, type DrainTarget } from './drained-line.js';

const DEADLINE_MS = 15_000;
/** Loki takes no question without a beginning; it keeps nothing of before. */
const LONGEST_DAYS = 30;
/** Hardly ever have so many lines of a source the same nanosecond. */
const OF_ONE_TIME = 200;
const NS_OF_DAY = 24n * 3600n * 1_000_000_000n;

export interface LokiSettings {
  url: string;
  /** The Authorization header. */
  token: string | null;
  /** The X-Scope-OrgID header, for a Loki of several tenants. */
  tenant: string | null;
  installationId: string;
}

interface LokiAnswer {
  data: { result: { stream: Record<string, string>; values: [ns: string, line: string][] }[] };
}

/**
 * A Loki that the operator runs: it gets the lines of all teams, and answers searches in place of the segments. Lines are
 * told apart by labels: installation, team, source, replica, deployment, level.
 */
export class Loki implements DrainTarget {
  readonly #base: URL;

  constructor(
    private readonly guard: GuardedFetch,
    private readonly settings: LokiSettings,
  ) {
    this.#base = new URL(settings.url.endsWith('/') ? settings.url : `${settings.url}/`);
  }

  async send(lines: readonly LogLine[], { source, teamId, name, environment }: DrainedSource, signal: AbortSignal): Promise<void> {
    const streams = [...Map.groupBy(lines, ({ replica, deploymentId, level }) => [replica, deploymentId ?? '', level ?? ''].join(' ')).values()].map((alike) => {
      const [{ replica, deploymentId, level }] = alike as [LogLine];
      const labels = { apex_installation: this.settings.installationId, team: teamId, source, service: name, environment, replica, ...(deploymentId && { deployment: deploymentId }), ...(level && { level }) };
      return { stream: labels, values: alike.map(({ origin, timestamp, raw }) => [String(origin?.ns ?? fromDate(timestamp)), raw]) };
    });
    const response = await this.#ask('POST', 'loki/api/v1/push', signal, JSON.stringify({ streams }));
    if (response.ok) return void (await response.body?.cancel());
    // Loki's own word may quote lines; the status says enough.
    await response.body?.cancel();
    throw new DrainRefused(`Loki answered with ${response.status}.`);
  }

  close(): void {
    // Connections are the guard's.
  }

  /** Throws BAD_REQUEST for a cursor that is none, UNAVAILABLE where Loki does not answer. */
  async search(source: string, search: LogSearch, signal: AbortSignal): Promise<LogPage> {
    const { first, oldestFirst, filter } = search;
    const place = search.after === undefined ? null : placeOf(search.after);
    const now = fromDate(new Date()) + 1_000_000_000n;
    let start = search.since ? fromDate(search.since) : now - BigInt(LONGEST_DAYS) * NS_OF_DAY;
    let end = search.until ? fromDate(search.until) : now;
    // Lines of the very time at which the page before ended come again, and are left out.
    if (place && oldestFirst) start = place.ns;
    if (place && !oldestFirst) end = place.ns + 1n;
    if (end <= start) return { lines: [], hasNextPage: false, endCursor: search.after ?? null };
    const limit = first + (place?.seen ?? 0) + OF_ONE_TIME;
    const query = { query: this.#query(source, filter), start: String(start), end: String(end), limit: String(limit), direction: oldestFirst ? 'forward' : 'backward' };
    const response = await this.#ask('GET', `loki/api/v1/query_range?${new URLSearchParams(query)}`, signal);
    if (!response.ok) {
      await response.body?.cancel();
      throw unavailable();
    }
    const { data } = (await response.json()) as LokiAnswer;
    const rows = data.result.flatMap(({ stream, values }) => values.map(([ns, raw]) => ({ stream, ns: BigInt(ns), raw })));
    rows.sort((a, b) => (oldestFirst ? 1 : -1) * (a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : order(a, b)));
    const isCut = rows.length >= limit;
    // Loki gives lines of one time in any order, so of the last time there may be others.
    const whole = isCut ? rows.filter(({ ns }) => ns !== rows.at(-1)!.ns) : rows;
    return this.#page(whole.length > 0 ? whole : rows, place, search, isCut);
  }

  #page(rows: readonly Row[], place: Place | null, { first, filter, after }: LogSearch, isCut: boolean): LogPage {
    const lines: LogPage['lines'] = [];
    let at: Place | null = place;
    let again = place?.seen ?? 0;
    let isMore = isCut;
    for (const { stream, ns, raw } of rows) {
      if (place && ns === place.ns && again > 0) {
        again -= 1;
        continue;
      }
      if (lines.length >= first) {
        isMore = true;
        break;
      }
      at = at && at.ns === ns ? { ns, seen: at.seen + 1 } : { ns, seen: 1 };
      const { replica = '', deployment = null } = stream;
      const line = shownLine({ run: `${replica.split('-').slice(-2).join('-')}.0`, ns, ordinal: 0, replica, deploymentId: deployment, raw, cut: false }, filter);
      if (line) lines.push({ line, cursor: cursorOf(at) });
    }
    return { lines, hasNextPage: isMore, endCursor: at ? cursorOf(at) : (after ?? null) };
  }

  /** Values are quoted as JSON is, which LogQL reads. */
  #query(source: string, { text, regex, level, replica, deploymentId }: LogFilter): string {
    const labels = [`apex_installation=${JSON.stringify(this.settings.installationId)}`, `source=${JSON.stringify(source)}`];
    if (replica !== undefined) labels.push(`replica=${JSON.stringify(replica)}`);
    if (deploymentId !== undefined) labels.push(`deployment=${JSON.stringify(deploymentId)}`);
    if (level !== undefined) labels.push(`level=~"${LOG_LEVELS.slice(LOG_LEVELS.indexOf(level)).join('|')}"`);
    return `{${labels.join(', ')}}${text ? ` |= ${JSON.stringify(text)}` : ''}${regex ? ` |~ ${JSON.stringify(regex.source)}` : ''}`;
  }

  async #ask(method: string, path: string, signal: AbortSignal, body?: string) {
    const { token, tenant } = this.settings;
    return this.guard
      .fetch(new URL(path, this.#base), {
        method,
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...(token !== null && { authorization: token }), ...(tenant !== null && { 'x-scope-orgid': tenant }) },
        ...(body !== undefined && { body }),
        redirects: 0,
        deadlineMs: DEADLINE_MS,
        signal,
        trusted: [this.#base.origin],
      })
      .catch((error: unknown) => {
        signal.throwIfAborted();
        if (method === 'GET') throw unavailable(error);
        throw error;
      });
  }
}

interface Row {
  stream: Record<string, string>;
  ns: bigint;
  raw: string;
}

/** Lines of one time have an order of their own, the same at each look. */
function order(a: Row, b: Row): number {
  const [one, other] = [a, b].map(({ stream, raw }) => JSON.stringify([Object.entries(stream).sort(), raw])) as [string, string];
  return one < other ? -1 : one > other ? 1 : 0;
}

/** So many lines of this very time have been given. */
interface Place {
  ns: bigint;
  seen: number;
}

const cursorOf = ({ ns, seen }: Place): string => Buffer.from(`l${ns}.${seen}`).toString('base64url');

function placeOf(cursor: string): Place {
  const [, ns, seen] = /^l(\d{1,20})\.(\d{1,6})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (!ns || !seen) throw badRequest('The cursor is not valid.', [{ path: 'after', message: 'must be the endCursor of a page of this history' }]);
  return { ns: BigInt(ns), seen: Number(seen) };
}

const unavailable = (cause?: unknown): ApexError => new ApexError('UNAVAILABLE', 'The Loki that keeps the history of logs does not answer.', { cause });
