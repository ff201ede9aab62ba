import { Priority } from '../../../infra/catalog';

export const notificationTasks = {
  /** Tells everybody what happened since the last notification. Added by a schedule, once a minute. */
  sendNotifications: {
    payload: {},
    priority: Priority.high,
    attempts: 5,
    timeout: 30_000,
  },
} as const;
