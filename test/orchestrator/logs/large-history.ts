import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { inspect } from 'node:util';
import type { LogPage, LogSearch } from '../../../src/orchestrator/port.js';
import type { SegmentFiles } from '../../../src/orchestrator/logs/history/segment-folder.js';
import { KeptHistory, storedAt } from './kept-history.js';

const SEGMENT_LINES = 8_000;
const NEEDLE = 'payment of the lost invoice was declined';

/** A day of access log: every line has a number, an id and a time of its own, as real ones have. */
function* segments(bytes: number): Generator<string[]> {
  let written = 0;
  for (let segment = 0; written < bytes; segment += 1) {
    const ids = randomBytes(SEGMENT_LINES * 8).toString('hex');
    const lines = Array.from({ length: SEGMENT_LINES }, (_none, n) => {
      const id = ids.slice(n * 16, n * 16 + 16);
      return `203.0.113.${n % 256} - - "GET /api/items/${segment * SEGMENT_LINES + n}?page=${n % 7} HTTP/1.1" ${n % 50 ? 200 : 404} ${(n * 7919) % 50_000} "-" "Mozilla/5.0 (X11; Linux x86_64)" request=${id}`;
    });
    written += lines.reduce((sum, line) => sum + line.length + 1, 0);
    yield lines;
  }
}

/** A history of `bytes`, in a folder or in another place: searches answer their first page soon, and memory does not grow with it. */
export function largeHistory(bytes: number, place?: () => Promise<{ files: SegmentFiles; stop(): Promise<void> }>): void {
  let kept: Awaited<ReturnType<NonNullable<typeof place>>> | undefined;
  let history: KeptHistory;
  let web: Awaited<ReturnType<KeptHistory['service']>>;
  let lines = 0;
  let request = '';

  beforeAll(async () => {
    kept = await place?.();
    history = await KeptHistory.start(kept?.files);
    web = await history.service();
    const all = Math.ceil(bytes / (SEGMENT_LINES * 150));
    let number = 0;
    for (const segment of segments(bytes)) {
      // One line in the middle of the day that no other is like.
      if (number === all >> 1) {
        segment[100] = `ERROR ${NEEDLE}`;
        request = segment[101]!.slice(-16);
      }
      const begin = -23 * 3600 + (number / all) * 22 * 3600;
      await history.append(web, segment.map((raw, n) => storedAt(begin + n / 1000, raw)));
      lines += segment.length;
      number += 1;
    }
  }, 900_000);
  afterAll(async () => {
    await history?.stop();
    await kept?.stop();
  });

  const day = { since: new Date(Date.now() - 26 * 3600_000), first: 100 };

  async function measured(search: Partial<LogSearch>): Promise<{ page: LogPage; ms: number; grown: number }> {
    globalThis.gc?.();
    const before = process.memoryUsage().rss;
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
    const began = performance.now();
    const page = await history.search(web.source, { ...day, ...search });
    const ms = Math.round(performance.now() - began);
    clearInterval(watch);
    return { page, ms, grown: Math.round((most - before) / 1024 ** 2) };
  }

  test('each search answers its first page, and all of them together are exact', async () => {
    const { bytes: keptBytes, storedBytes, lines: keptLines } = await history.limits().storageOf(web.teamId);
    expect([keptBytes >= bytes, keptLines]).toEqual([true, lines]);
    const looks: Record<string, Partial<LogSearch>> = {
      'a text of every line': { filter: { text: 'GET /api' } },
      'a text of one line': { filter: { text: NEEDLE } },
      'a text of no line': { filter: { text: 'nobody ever wrote this' } },
      'the id of one request': { filter: { text: request } },
      'a level': { filter: { level: 'ERROR' } },
      'no filter': { filter: {} },
    };
    const figures: Record<string, unknown> = { MiB: Math.round(keptBytes / 1024 ** 2), storedMiB: Math.round(storedBytes / 1024 ** 2), lines };
    for (const [name, search] of Object.entries(looks)) {
      const { page, ms, grown } = await measured(search);
      figures[name] = { ms, grownMiB: grown, found: page.lines.length, complete: !page.hasNextPage };
      // Whatever the size, a search holds a few segments at a time.
      expect(grown).toBeLessThan(200);
    }
    if (process.env['APEX_SOAK']) console.log(inspect(figures, { depth: 3 }));
    expect(await history.all(web.source, { ...day, filter: { text: NEEDLE } })).toEqual([`ERROR ${NEEDLE}`]);
    expect(await history.all(web.source, { ...day, filter: { text: 'nobody ever wrote this' } })).toEqual([]);
    expect((await history.all(web.source, { ...day, filter: { text: request } })).length).toBe(1);
    expect((await history.search(web.source, { ...day, filter: { text: 'GET /api' } })).lines.length).toBe(100);
  }, 300_000);
}
