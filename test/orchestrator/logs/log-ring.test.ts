import { expect, test } from '@jest/globals';
import { LogRing, RING_LINES } from '../../../src/orchestrator/logs/log-ring.js';
import type { ContainerRun } from '../../../src/orchestrator/logs/log-source-id.js';
import { decodeCursor } from '../../../src/orchestrator/logs/log-position.js';
import { RingBudget } from '../../../src/orchestrator/logs/ring-budget.js';

const MIB = 1024 * 1024;
const SECOND = 1_000_000_000n;

const runOf = (id: string): ContainerRun => ({ id, namespace: 'n', pod: id, container: 'app', restart: 0, deploymentId: undefined });
/** The lines that come, one a millisecond. */
function fill(ring: LogRing, lines: number, bytes: number, from = 0): void {
  const run = runOf('web-0.0');
  for (let number = from; number < from + lines; number += 1) ring.add({ run, ns: BigInt(number) * 1_000_000n, ordinal: 0, raw: `${number} `.padEnd(bytes, 'x'), cut: false, stream: null });
}
const numbers = (ring: LogRing): number[] => ring.lines.map(({ line }) => Number.parseInt(line.message, 10));
const text = (ring: LogRing): number => ring.lines.reduce((sum, { line }) => sum + line.raw.length, 0);

test('the last lines are there, of short lines so many and of long ones so many bytes; it says from when on it has all', () => {
  const budget = new RingBudget();
  for (const bytes of [100, 64 * 1024]) {
    const ring = new LogRing(() => budget.share);
    const leave = budget.join(ring);
    fill(ring, 10_000, bytes);
    expect(text(ring)).toBeLessThanOrEqual(2 * MIB);
    const kept = numbers(ring);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_none, index) => 10_000 - kept.length + index));
    expect(ring.completeSince).toBe(BigInt(kept[0]! - 1) * 1_000_000n);
    if (bytes === 100) expect(kept.length).toBeGreaterThanOrEqual(RING_LINES);
    leave();
  }
});

test('hundreds of sources share one memory: the first make room for those that come', () => {
  const budget = new RingBudget(8 * MIB);
  const rings = Array.from({ length: 200 }, () => {
    const ring = new LogRing(() => budget.share);
    budget.join(ring);
    fill(ring, 500, 1_000);
    return ring;
  });
  expect(rings.reduce((sum, ring) => sum + text(ring), 0)).toBeLessThanOrEqual(200 * 128 * 1024);
  expect(Math.max(...rings.map(text))).toBeLessThanOrEqual(128 * 1024);
  for (const ring of rings) expect(numbers(ring).at(-1)).toBe(499);
});

test('while somebody joins, nothing is let go that he may need, within bounds', () => {
  const ring = new LogRing(() => 128 * 1024);
  fill(ring, 10, 1_000);
  const release = ring.hold();
  fill(ring, 300, 1_000, 10);
  expect(numbers(ring)[0]).toBe(0);
  fill(ring, 10_000, 1_000, 310);
  expect(text(ring)).toBeLessThanOrEqual(MIB);
  release();
  expect(text(ring)).toBeLessThanOrEqual(128 * 1024);
});

test('a cursor names who said something lately, however many there were before', () => {
  const ring = new LogRing(() => MIB);
  for (let number = 0; number < 1_000; number += 1) ring.add({ run: runOf(`web-${number}.0`), ns: BigInt(number) * 10n * SECOND, ordinal: 0, raw: 'line', cut: false, stream: null });
  const { positions } = decodeCursor(ring.lines.at(-1)!.line.cursor);
  expect([...positions.keys()].sort()).toEqual(['web-994.0', 'web-995.0', 'web-996.0', 'web-997.0', 'web-998.0', 'web-999.0']);
  // What it had of the oldest it still knows.
  expect(ring.add({ run: runOf('web-0.0'), ns: 0n, ordinal: 0, raw: 'line', cut: false, stream: null })).toBeNull();
});
