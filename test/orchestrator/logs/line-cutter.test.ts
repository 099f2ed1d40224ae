import { expect, test } from '@jest/globals';
import { LINE_BYTES, LineCutter, limited, type CutLine } from '../../../src/orchestrator/logs/line-cutter.js';

/** The lines of `bytes` when they come in pieces of `size`. */
function cut(bytes: Uint8Array, size: number): CutLine[] {
  const cutter = new LineCutter();
  const lines: CutLine[] = [];
  for (let at = 0; at < bytes.length; at += size) lines.push(...cutter.read(bytes.subarray(at, at + size)));
  const rest = cutter.end();
  return rest ? [...lines, rest] : lines;
}

test('lines are the same in whatever pieces they come', () => {
  const bytes = Buffer.from('first\nzweite Zeile – größer 🎉\r\n\n\ufefflast without an end');
  const whole = ['first', 'zweite Zeile – größer 🎉', '', '\ufefflast without an end'].map((text) => ({ text, cut: false }));
  for (const size of [1, 2, 3, 7, 1000]) expect(cut(bytes, size)).toEqual(whole);
});

test('bytes that are no UTF-8 are replaced and spoil no other line', () => {
  const bytes = Buffer.concat([Buffer.from('a'), Buffer.from([0xff, 0xc3]), Buffer.from('\nb\n'), Buffer.from([0x00, 0x80]), Buffer.from('\n')]);
  for (const size of [1, 2, 1000]) expect(cut(bytes, size).map(({ text }) => text)).toEqual(['a\ufffd\ufffd', 'b', '\u0000\ufffd']);
});

test('a line over 64 KiB keeps its first 64 KiB in whole characters, and the line behind it is whole', () => {
  const bytes = Buffer.from(`${'é'.repeat(LINE_BYTES)}\nshort\n`);
  for (const size of [1000, 16_384, bytes.length]) {
    const [long, short] = cut(bytes, size);
    const { text, cut: isCut } = limited(long!.text);
    expect([text, isCut || long!.cut]).toEqual(['é'.repeat(LINE_BYTES / 2), true]);
    expect(short).toEqual({ text: 'short', cut: false });
  }
  expect(limited(`x${'é'.repeat(LINE_BYTES)}`)).toEqual({ text: `x${'é'.repeat(LINE_BYTES / 2 - 1)}`, cut: true });
  expect(limited('é'.repeat(LINE_BYTES / 2))).toEqual({ text: 'é'.repeat(LINE_BYTES / 2), cut: false });
});

test('a line that never ends is held in bounded memory', () => {
  const cutter = new LineCutter();
  const chunk = Buffer.alloc(1024 * 1024, 'x');
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 200; i += 1) expect(cutter.read(chunk)).toEqual([]);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  expect(cutter.end()).toMatchObject({ cut: true });
});
