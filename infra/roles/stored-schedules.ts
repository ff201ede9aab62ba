import { timetableOf } from 'meteor/littledata:synced-cron/entry';
import type { Service } from '../app';
import { TaskQueue } from '../queue';
import { Schedules } from '../schedules';
import { ScheduleRunner } from '../schedules/schedule-runner';
import type { ParseTimes } from '../schedules/timetables';
import type { AppContext } from './app-context';
import { asService } from './service';

/** Connects the stored schedules: both roles change them. */
export function storedSchedulesOf({ indexes }: AppContext): Service {
  return asService('stored schedules', {
    async start() {
      Schedules.connect({ queue: TaskQueue, parseTimes });
      await indexes.keep('stored schedules', () => Schedules.store.ensureIndexes());
    },
  });
}

/** Runs them, if this role runs schedules at all. */
export function runOfStoredSchedules({ settings }: AppContext): Service | undefined {
  if (!settings.cron.enabled) return undefined;
  let runner: ScheduleRunner | undefined;
  return asService('run of stored schedules', {
    async start() {
      runner = new ScheduleRunner({ schedules: Schedules, pollMs: settings.queue.refreshRate });
      await runner.start();
    },
    stop: async () => runner?.stop(),
  });
}

/** Parses as SyncedCron does, so that a text or an expression means the same in both. */
export const parseTimes: ParseTimes = ({ name, cron, text = '', timezone }) =>
  timetableOf(
    { name, timezone, schedule: parser => (cron === undefined ? parser.text(text) : parser.cron(cron)), job() {} },
    true,
  ).timetable;
