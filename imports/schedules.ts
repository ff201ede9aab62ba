import type { Cron } from '../packages/synced-cron/cron';
import type { Entry } from '../packages/synced-cron/entry';
import { notificationSchedule } from './api/notifications/schedule';

/**
 * The cron table: what happens when. A job does no heavy work, it adds a task. `npm run new:schedule NAME` writes one with
 * its task; docs/schedules.md says what a schedule and an entry may be.
 */
export function addSchedules(cron: Pick<Cron, 'add'>): void {
  const ofDomains: readonly Entry[] = [
    // A line for each domain that has one.
    notificationSchedule,
  ];
  for (const entry of ofDomains) cron.add(entry);
}
