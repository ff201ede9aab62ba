/**
 * When the schedules are due, as text for later (`every 1 minute`, `at 2:30 am`). `imports/schedules.ts` runs by it and
 * the page counts down by it.
 */
export const timetable = {
  sendNotifications: 'every 1 minute',
} as const;
