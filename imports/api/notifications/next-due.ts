import { nextDate } from 'meteor/littledata:synced-cron/next-date';

/** When a schedule, as text, is due next after `now`: by the same timetable, in the zone of this machine. */
export function nextDue(schedule: string, now: Date): Date | undefined {
  return nextDate(parser => parser.text(schedule), now);
}
