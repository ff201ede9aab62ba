import { timetableOf } from './entry';
import type { ScheduleFunction } from './parse/parser';

/**
 * When an entry of that schedule runs next after an instant, for a process that only shows it and runs nothing:
 * `import { nextDate } from 'meteor/littledata:synced-cron/next-date'`.
 *
 * @returns undefined if it never runs again
 * @throws Error that names the part of the schedule that doesn't parse
 */
export function nextDate(
  schedule: ScheduleFunction,
  after: Date,
  { timezone, utc = false }: { timezone?: string; utc?: boolean } = {},
): Date | undefined {
  const { timetable } = timetableOf({ name: 'next date', schedule, job() {}, ...(timezone && { timezone }) }, utc);
  const next = timetable.next(after.getTime());
  return next === undefined ? undefined : new Date(next);
}
