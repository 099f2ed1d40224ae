import { describe, expect, test } from '@jest/globals';
import { nextRun } from '../../src/schema/cron.rules.js';

/** The next times of a schedule after one, in UTC to the minute. */
function times(cron: string, timeZone: string, after: string, count: number): string[] {
  let at = new Date(after);
  return Array.from({ length: count }, () => (at = nextRun({ cron, timeZone }, at)).toISOString().slice(0, 16));
}

describe('a schedule where the clocks are changed', () => {
  test('at a time that the night leaves out, it comes true once all the same', () => {
    expect(times('30 2 * * *', 'Europe/Berlin', '2027-03-26T12:00:00Z', 3)).toEqual(['2027-03-27T01:30', '2027-03-28T01:30', '2027-03-29T00:30']);
    expect(times('0 0 * * *', 'America/Santiago', '2027-09-04T12:00:00Z', 2)).toEqual(['2027-09-05T04:00', '2027-09-06T03:00']);
  });

  test('at a time that the night has twice, it comes true once', () => {
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual(['2026-10-25T00:30', '2026-10-26T01:30']);
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-10-25T00:45:00Z', 1)).toEqual(['2026-10-26T01:30']);
    expect(times('30 1 * * *', 'America/New_York', '2026-10-31T12:00:00Z', 2)).toEqual(['2026-11-01T05:30', '2026-11-02T06:30']);
  });

  test('of each hour, it goes on with each hour', () => {
    expect(times('0 * * * *', 'Europe/Berlin', '2026-10-24T23:30:00Z', 3)).toEqual(['2026-10-25T00:00', '2026-10-25T01:00', '2026-10-25T02:00']);
  });
});
