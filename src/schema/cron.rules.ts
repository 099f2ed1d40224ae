import { CronExpressionParser } from 'cron-parser';
import { z } from 'zod';

/** The rules of a schedule's fields. No message quotes a value. */

const FIVE_FIELDS = /^[\d*,/A-Za-z#?-]+( +[\d*,/A-Za-z#?-]+){4}$/;
const LEAST_MINUTES = 15;
/** More than a schedule of each minute of an hour has; enough to see two of any. */
const LOOKS = 70;

export const CRON = z
  .string()
  .max(100, 'must be at most 100 characters')
  .refine((text) => FIVE_FIELDS.test(text.trim()) && runsOf(text, 1) !== null, 'must be a cron expression of five fields that comes true at some time, e.g. "30 3 * * *"')
  .refine((text) => !isTooOften(text), `must not ask for backups that are less than ${LEAST_MINUTES} minutes apart`);

export const TIME_ZONE = z.string().max(64, 'must be at most 64 characters').refine(isTimeZone, 'must be a name of the time zone database, e.g. Europe/Berlin');
export const KEEP_COUNT = z.number().int('must be a whole number').min(1, 'must be from 1 to 1000').max(1000, 'must be from 1 to 1000');
export const KEEP_DAYS = z.number().int('must be a whole number').min(1, 'must be from 1 to 3650').max(3650, 'must be from 1 to 3650');
/** A base a day is kept for so long. */
export const RECOVERY_DAYS = z.number().int('must be a whole number').min(1, 'must be from 1 to 35').max(35, 'must be from 1 to 35');

/** When a schedule comes true next, after a time. */
export function nextRun({ cron, timeZone }: { cron: string; timeZone: string }, after: Date): Date {
  return CronExpressionParser.parse(cron.trim(), { currentDate: after, tz: timeZone }).next().toDate();
}

/** Its first times from now on; null for one that is none, or never comes true. */
function runsOf(cron: string, count: number): Date[] | null {
  try {
    return CronExpressionParser.parse(cron.trim(), { tz: 'UTC' }).take(count).map((date) => date.toDate());
  } catch {
    return null;
  }
}

function isTooOften(cron: string): boolean {
  const times = (FIVE_FIELDS.test(cron.trim()) && runsOf(cron, LOOKS)) || [];
  return times.some((time, index) => index > 0 && time.getTime() - times[index - 1]!.getTime() < LEAST_MINUTES * 60_000);
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return !/^[+-]/.test(name);
  } catch {
    return false;
  }
}
