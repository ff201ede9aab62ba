import type { AppCatalog } from '../catalog';
import { SchedulesOf } from './schedules';

/**
 * The schedules that people change while the app runs, typed by the app's catalog. Those of the developers are in
 * `imports/schedules.ts`.
 *
 * @example await Schedules.put({ name: 'digest:7', cron: '30 6 * * 1', timezone: 'Europe/Berlin', taskType: 'sendDigest', data: { customer: 7 } });
 */
export const Schedules = new SchedulesOf<AppCatalog>();

export type { ListOptions, RunInfo, ScheduleInfo } from './schedules';
export { InvalidScheduleError, type MissedRuns, type NewSchedule } from './stored-schedule';
