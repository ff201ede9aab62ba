import { action } from './define-action';

/** What an operator does to schedules: those of the app's code, and the stored ones. */
export const scheduleActions = {
  runSchedule: action({
    name: 'run schedule',
    label: 'Run now',
    describe: schedule => `Run now: ${schedule}`,
    on: 'schedule',
    resend: false,
    needs: 'operator',
    run: (sources, schedule) => sources.runSchedule(schedule),
  }),
  pauseScheduleOfCode: action({
    name: 'pause schedule of the code',
    label: 'Pause',
    describe: schedule => `Pause ${schedule}`,
    on: 'schedule',
    needs: 'operator',
    run: (sources, schedule, by) => sources.pauseScheduleOfCode(schedule, by),
  }),
  resumeScheduleOfCode: action({
    name: 'resume schedule of the code',
    label: 'Resume',
    describe: schedule => `Resume ${schedule}`,
    on: 'schedule',
    needs: 'operator',
    run: (sources, schedule) => sources.resumeScheduleOfCode(schedule),
  }),
  /** Returns the id of the task that it has added. */
  runStoredSchedule: action({
    name: 'run stored schedule',
    label: 'Run now',
    describe: schedule => `Run now: ${schedule}`,
    on: 'storedSchedule',
    resend: false,
    needs: 'operator',
    run: (sources, schedule) => sources.runStoredSchedule(schedule),
  }),
  pauseSchedule: action({
    name: 'pause schedule',
    label: 'Pause',
    describe: schedule => `Pause ${schedule}`,
    on: 'storedSchedule',
    needs: 'operator',
    run: (sources, schedule) => sources.pauseSchedule(schedule),
  }),
  resumeSchedule: action({
    name: 'resume schedule',
    label: 'Resume',
    describe: schedule => `Resume ${schedule}`,
    on: 'storedSchedule',
    needs: 'operator',
    run: (sources, schedule) => sources.resumeSchedule(schedule),
  }),
  removeSchedule: action({
    name: 'remove schedule',
    label: 'Remove',
    describe: schedule => `Remove ${schedule}`,
    on: 'storedSchedule',
    needs: 'operator',
    run: (sources, schedule) => sources.removeSchedule(schedule),
  }),
  putSchedule: action({
    name: 'put schedule',
    label: 'Save',
    describe: ({ name }) => `Save the schedule ${name}`,
    on: 'scheduleForm',
    needs: 'operator',
    run: (sources, form) => sources.putSchedule(form),
  }),
};
