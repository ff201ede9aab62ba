import { addsTask } from '../../../infra/queue/adds-task';
import type { Entry } from '../../../packages/synced-cron/entry';

/**
 * When the schedules are due, as text for later (`every 1 minute`, `at 2:30 am`). `imports/schedules.ts` runs by it and
 * the page counts down by it.
 */
export const timetable = {
  sendNotifications: 'every 1 minute',
} as const;

/** The names under which they run: in the console, in the history, and in what a jobs role says of itself. */
export const scheduleNames: Record<keyof typeof timetable, string> = {
  sendNotifications: 'send notifications',
};

export const notificationSchedule: Entry = {
  name: scheduleNames.sendNotifications,
  schedule: parser => parser.text(timetable.sendNotifications),
  job: addsTask({ taskType: 'sendNotifications', data: {} }),
};
