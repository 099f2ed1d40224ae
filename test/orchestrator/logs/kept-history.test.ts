import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newId } from '../../../src/entities/columns.js';
import { LeaseLost } from '../../../src/entities/fence.js';
import { compilePattern } from '../../../src/schema/line-pattern.js';
import { rotateStep } from '../../../src/vault/key-rotation.js';
import { at, KeptHistory, storedAt } from './kept-history.js';

let history: KeptHistory;
beforeAll(async () => void (history = await KeptHistory.start()));
afterAll(() => history?.stop());

test('lines come back as they were written, newest or oldest first, page by page, by whatever they are asked for', async () => {
  const web = await history.service();
  const lines = Array.from({ length: 40 }, (_none, n) => storedAt(n, n % 10 === 0 ? `{"level":"error","msg":"said \\"no\\" ${n}","id":${n}}` : `GET /things/${n} 200`, { replica: n < 20 ? 'web-a-1' : 'web-b-2', deploymentId: newId() }));
  lines[7] = storedAt(7, '\u001b[33mWARN\u001b[0m colours tell ERR\u001b[1mOR\u001b[0m', { replica: 'web-a-1' });
  lines[8] = storedAt(8, '{"msg":"gr\\u00fc\\u00dfe"}', { replica: 'web-a-1', cut: true });
  for (const part of [lines.slice(0, 13), lines.slice(13, 14), lines.slice(14)]) await history.append(web, part);
  const raws = lines.map(({ raw }) => raw);
  expect(await history.all(web.source, { first: 7, oldestFirst: true })).toEqual(raws);
  expect(await history.all(web.source, { first: 7 })).toEqual([...raws].reverse());
  const found = (search: Parameters<KeptHistory['all']>[1]) => history.all(web.source, { oldestFirst: true, first: 3, ...search });
  expect(await found({ since: at(10), until: at(12) })).toEqual(raws.slice(10, 12));
  expect(await found({ filter: { text: '/things/3' } })).toEqual(raws.filter((raw) => raw.includes('/things/3')));
  expect(await found({ filter: { text: 'said "no" 10' } })).toEqual([raws[10]]);
  expect(await found({ filter: { text: 'grüße' } })).toEqual([raws[8]]);
  expect(await found({ filter: { text: 'tell ERROR' } })).toEqual([raws[7]]);
  expect(await found({ filter: { text: 'web-a-1' } })).toEqual([]);
  expect(await found({ filter: { text: 'nowhere at all' } })).toEqual([]);
  expect(await found({ filter: { level: 'ERROR' } })).toEqual([0, 10, 20, 30].map((n) => raws[n]));
  expect(await found({ filter: { replica: 'web-b-2', regex: compilePattern('^GET .*/2[1-3] ') } })).toEqual(raws.slice(21, 24));
  expect(await found({ filter: { deploymentId: lines[5]!.deploymentId! } })).toEqual([raws[5]]);
  const [{ line }] = (await history.search(web.source, { filter: { text: 'gr' }, since: at(8), until: at(9) })).lines as [LogPageLine];
  expect(line).toMatchObject({ message: 'grüße', level: null, fields: {}, cut: true, replica: 'web-a-1', timestamp: at(8), stream: null, cursor: expect.any(String) });
  await expect(history.search(web.source, { after: 'nonsense' })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
});
type LogPageLine = Awaited<ReturnType<KeptHistory['search']>>['lines'][number];

test('small segments become one, which holds the same lines, and no file is left behind', async () => {
  const web = await history.service();
  const before = (await history.storedFiles()).length;
  for (let n = 0; n < 16; n += 1) await history.append(web, [storedAt(n, `line ${n}`), storedAt(n, `again ${n}`, { ordinal: 1 })]);
  await history.archive.merge(web.source, history.fence);
  expect([await history.segments(web.source), (await history.storedFiles()).length - before]).toEqual([1, 1]);
  const page = await history.search(web.source, { first: 5 });
  await history.append(web, [storedAt(16, 'later')]);
  // A cursor of before the merge goes on behind the same line after it.
  expect((await history.all(web.source, { oldestFirst: true })).length).toBe(33);
  expect((await history.search(web.source, { first: 1, after: page.endCursor! })).lines.map(({ line }) => line.raw)).toEqual(['line 13']);
});

test('who no longer holds the lease writes nothing, and leaves no file', async () => {
  const web = await history.service();
  await history.append(web, [storedAt(0, 'first')]);
  const before = await history.storedFiles();
  const stale = { ...history.fence, holder: newId() };
  await expect(history.archive.append([{ ...web, lines: [storedAt(1, 'stale')], cursor: 'c', lost: 0, gaps: 0 }], stale)).rejects.toThrow(LeaseLost);
  expect(await history.all(web.source)).toEqual(['first']);
  expect((await history.storedFiles()).sort()).toEqual(before.sort());
  expect(await history.archive.cursors([web.source])).toEqual(new Map([[web.source, 'c1']]));
});

test('the oldest lines go first and are counted, by size and by age', async () => {
  const web = await history.service();
  for (let n = 0; n < 5; n += 1) await history.append(web, [storedAt(n, `${n}`.repeat(99))], n === 4 ? { lost: 3, gaps: 1 } : {});
  await history.limits({ bytes: 250 }).enforce(history.fence);
  expect((await history.all(web.source)).map((raw) => raw[0])).toEqual(['4', '3']);
  expect(await history.limits({ bytes: 250 }).storageOf(web.teamId)).toMatchObject({ lines: 2, bytes: 200, droppedLines: 3, lostLines: 3, gaps: 1, oldestAt: at(3), limitBytes: 250, days: 7 });
  await history.append(web, [storedAt(-8 * 24 * 3600, 'of last week')]);
  await history.limits().enforce(history.fence);
  expect((await history.all(web.source)).map((raw) => raw[0])).toEqual(['4', '3']);
  expect(await history.limits().storageOf(web.teamId)).toMatchObject({ lines: 2, droppedLines: 4 });
});

test('with a service goes its history, files and all', async () => {
  const [web, other] = [await history.service(), await history.service()];
  await history.append(web, [storedAt(0, 'of the deleted one')]);
  await history.append(other, [storedAt(0, 'of the other')]);
  const before = (await history.storedFiles()).length;
  await history.em.execute('update service set deleted_at = now() where id = ?', [web.serviceId], 'run');
  await history.limits().enforce(history.fence);
  expect([await history.segments(web.source), await history.segments(other.source), (await history.storedFiles()).length]).toEqual([0, 1, before - 1]);
});

test('a file that no row names is swept once it is old, and one that is half written too', async () => {
  const web = await history.service();
  await history.append(web, [storedAt(0, 'kept')]);
  await history.files.write(web.teamId, newId(), Buffer.from('of a server that was killed'));
  writeFileSync(join(history.folder, web.teamId, `${newId()}.segment.part`), 'half');
  await history.limits().sweep();
  expect(readdirSync(join(history.folder, web.teamId))).toHaveLength(3);
  await history.limits().sweep(new Date(Date.now() + 2 * 3600_000));
  expect(readdirSync(join(history.folder, web.teamId))).toHaveLength(1);
  expect(await history.all(web.source)).toEqual(['kept']);
});

test('at rest nothing can be read, an altered file is refused, and after a rotation of the keys all is found', async () => {
  const web = await history.service();
  await history.append(web, [storedAt(0, 'canary-in-a-log-line')]);
  const folder = join(history.folder, web.teamId);
  const [name] = readdirSync(folder);
  const bytes = readFileSync(join(folder, name!));
  expect(bytes.includes('canary')).toBe(false);
  const row = await history.em.execute<{ row: string }[]>('select row(log_segment.*)::text as row from log_segment where source = ?', [web.source]);
  expect(row[0]!.row).not.toContain('canary');
  const since = new Date();
  for (let done = false; !done; ) ({ done } = await rotateStep(history.database.orm, history.vault, since));
  const keys = await history.em.execute<{ retired: boolean }[]>('select retired_at is not null as retired from team_key where team_id = ?', [web.teamId]);
  expect(keys.map(({ retired }) => retired).sort()).toEqual([false, true]);
  expect(await history.all(web.source)).toEqual(['canary-in-a-log-line']);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(join(folder, name!), bytes);
  await expect(history.search(web.source)).rejects.toThrow();
});
