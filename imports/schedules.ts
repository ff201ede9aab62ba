import { addsTask } from '../infra/queue/adds-task';
import type { Cron } from '../packages/synced-cron/cron';
import { scheduleNames, timetable } from './tasks/timetable';

/**
 * The cron table: what happens when. A job does no heavy work, it adds a task. To add one: a few lines here, and if it
 * is a new kind of task, a line in tasks/catalog.ts. docs/schedules.md says what a schedule and an entry may be.
 */
export function addSchedules(cron: Pick<Cron, 'add'>): void {
  cron.add({
    name: scheduleNames.sendNotifications,
    schedule: parser => parser.text(timetable.sendNotifications),
    job: addsTask({ taskType: 'sendNotifications', data: {} }),
  });
}
