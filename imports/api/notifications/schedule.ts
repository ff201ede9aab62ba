import { addsTask } from '../../../infra/queue/adds-task';
import type { Entry } from '../../../packages/synced-cron/entry';
import { scheduleNames, timetable } from '../../tasks/notifications/timetable';

export const notificationSchedule: Entry = {
  name: scheduleNames.sendNotifications,
  schedule: parser => parser.text(timetable.sendNotifications),
  job: addsTask({ taskType: 'sendNotifications', data: {} }),
};
