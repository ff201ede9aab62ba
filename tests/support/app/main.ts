import { defineApp } from '../../../infra/app';
import { startRole } from '../../../infra/roles';
import type { Cron } from '../../../packages/synced-cron/cron';
import { createApi } from './api';
import { catalog } from './catalog';
import { handlers } from './handlers';
import { queue } from './queue';
import { roleHandlers } from './role-handlers';

/** The tests' own app, as small as they need it: the machinery's tests pass whatever the app of this checkout is. */
startRole(
  defineApp({
    name: 'app-of-the-tests',
    catalog,
    handlers,
    roleHandlers,
    schedules: (cron: Pick<Cron, 'add'>) => {
      cron.add({
        name: 'greet everybody',
        schedule: parser => parser.text('every 1 minute'),
        job: (at, name) => queue.addTask({ taskType: 'greet', data: {}, _id: `${name}:${+at}`, once: true }),
      });
      // For the tests that look at many runs: the others need no history that grows.
      if (process.env.TICKS)
        cron.add({
          name: 'tick',
          schedule: parser => parser.text('every 1 second'),
          missedRuns: 'all',
          job: () => undefined,
        });
      // For the test of a drain beside a job that never ends.
      if (process.env.HANGING_JOB)
        cron.add({
          name: 'hang',
          schedule: parser => parser.text('every 1 second'),
          job: () => new Promise(() => {}),
        });
    },
    services: {
      jobs: () => [
        // For the tests of a service that does not stop, and of one behind it that can't start.
        ...(process.env.STUBBORN_SERVICE
          ? [{ name: 'stubborn', start: async () => {}, stop: () => new Promise<void>(() => {}) }]
          : []),
        ...(process.env.BROKEN_SERVICE
          ? [{ name: 'broken', start: () => Promise.reject(new Error('no mail server')), stop: async () => {} }]
          : []),
      ],
    },
    api: createApi,
    uploads: [{ path: '/upload/pictures' }],
  }),
);
