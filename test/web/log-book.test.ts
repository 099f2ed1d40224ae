import { expect, it } from '@jest/globals';
import { LogBook, type LogBatch } from '../../web/src/logs/log-book.js';

const line = (message: string) => ({ timestamp: '2026-01-01T00:00:00.000Z', replica: 'r', level: null, message, raw: message, fields: null, cut: false });
const batch = (messages: string[], more: Partial<LogBatch> = {}): LogBatch => ({ lines: messages.map(line), dropped: 0, gap: false, cursor: null, ...more });
const told = (book: LogBook): unknown[] => book.entries.map((entry) => (entry.kind === 'line' ? entry.line.message : entry.count));

it('tells what is missing where it is missing, and goes on behind the last batch', () => {
  const book = new LogBook(100);
  book.add(batch(['a'], { cursor: '1' }));
  book.add(batch(['b'], { dropped: 7, cursor: '2' }));
  book.add(batch([], { gap: true }));
  book.add(batch(['c']));
  expect(told(book)).toEqual(['a', 7, 'b', null, 'c']);
  expect(book.cursor).toBe('2');
});

it('keeps no more than it may, counts what it lets go, and names no entry anew', () => {
  const book = new LogBook(3);
  book.add(batch([], { dropped: 10 }));
  for (const message of ['a', 'b', 'c', 'd', 'e']) book.add(batch([message]));
  expect(told(book)).toEqual(['c', 'd', 'e']);
  expect(book.letGo).toBe(12);
  expect(book.entries.map(({ number }) => number)).toEqual([4, 5, 6]);
});
