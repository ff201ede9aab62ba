import { Mongo } from 'meteor/mongo';
import { defineApp } from '../../../infra/app';
import { startRole } from '../../../infra/roles';
import type { Cron } from '../../../packages/synced-cron/cron';
import { createApi, queue } from './api';
import { catalog, inRole } from './catalog';
import { burstFlag, handlers } from './handlers';

const { PROFILE_BURST } = process.env;

/** The profile's own app: the workload, and nothing else. */
startRole(
  defineApp({
    name: 'profile',
    catalog,
    handlers: inRole ? {} : handlers,
    roleHandlers: inRole ? handlers : {},
    schedules: PROFILE_BURST ? cron => addBurst(cron, JSON.parse(PROFILE_BURST) as Burst) : undefined,
    api: createApi,
  }),
);

interface Burst {
  everySeconds: number;
  tasks: number;
  data: { ms: number; rounds: number };
}

function addBurst(cron: Pick<Cron, 'add'>, { everySeconds, tasks, data }: Burst): void {
  const flags = new Mongo.Collection(burstFlag);
  cron.add({
    name: 'burst',
    schedule: parser => parser.text(`every ${everySeconds} seconds`),
    async job() {
      if (!(await flags.findOneAsync())) return;
      await queue.addTasks(Array.from({ length: tasks }, () => ({ taskType: 'compute' as const, data })));
    },
  });
}
