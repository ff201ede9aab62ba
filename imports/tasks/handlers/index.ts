import type { Handlers } from '../../../infra/workers/handler';

/**
 * Where the code of each task type is. Only worker processes load this, and each handler only when its first task comes,
 * so that a worker never pays for what it does not run.
 */
export const handlers = {
  buildReport: () => import('./reports/build-report'),
  makeThumbnails: () => import('./pictures/make-thumbnails'),
  sendNotifications: () => import('./notifications/send-notifications'),
  burn: () => import('./burn'),
} satisfies Handlers;
