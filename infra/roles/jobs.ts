import { cpus, freemem, loadavg } from 'node:os';
import type { Service } from '../app';
import type { LinkServerOptions, LiveState } from '../link';
import { Metrics, type MetricsSources } from '../monitor/metrics';
import { appServices } from './app-services';
import { Schedules } from './cron';
import { doors } from './doors';
import { commonFigures } from './figures';
import { FileSweeper } from './file-sweeper';
import { type Ground, groundServices } from './ground';
import { linkFromWeb } from './link';
import { queueOf } from './queue';
import { MemoryRuns } from './run-in-memory';
import { serviceOf } from './service';
import { Workers } from './workers';

/** What is particular to a jobs role: the parts that its services share. */
export interface JobsParts {
  services: Service[];
  isLink(connectionId: string): boolean;
  figures: Partial<MetricsSources>;
}

/** The jobs role: runs the cron schedules and the tasks. */
export function jobsRole(ground: Ground): Service[] {
  const { services, isLink, figures } = jobsParts(ground);
  const metrics = new Metrics({ ...commonFigures(ground), ...figures }, ground.events);
  return [
    ...groundServices(ground),
    doors(ground, metrics, isLink),
    queueOf(ground),
    ...services,
    ...appServices(ground, 'jobs'),
  ];
}

export function jobsParts(ground: Ground): JobsParts {
  const workers = new Workers(ground);
  const schedules = new Schedules(ground);
  const runs = new MemoryRuns();
  const jobs: Omit<LinkServerOptions, 'secret' | 'emit'> = {
    runInMemory: async (taskType, data, options) => {
      workers.refuseOthers(taskType);
      return runs.run(taskType, data, options);
    },
    runSchedule: name => schedules.run(name),
    nudge: () => workers.nudge(),
    live: () => liveState(ground, workers, schedules),
  };
  const link = linkFromWeb(ground, jobs);
  ground.healthSources.taskTypes = () => workers.taskTypes;
  ground.healthSources.workers = () => {
    const { enabled, workers: processes, busy, slots, waiting } = workers.snapshot();
    return { enabled, workers: processes, busy, slots, waiting };
  };
  ground.healthSources.dispatch = () => {
    const trouble = workers.trouble();
    return trouble && { ...trouble, mayWaitMs: ground.settings.queue.leaseMs / 2 };
  };
  return {
    services: [serviceOf('runs in memory', runs), workers, ...link.services, schedules, new FileSweeper(ground)],
    isLink: link.isLink,
    figures: {
      workers: () => workers.snapshot(),
      dispatch: () => workers.trouble(),
      schedules: () => schedules.list(),
    },
  };
}

function liveState({ registry, eventLoop }: Ground, of: Workers, schedules: Schedules): LiveState {
  const { enabled, workers, slots, busy, paused } = of.snapshot();
  return {
    _id: registry.id,
    enabled,
    workers,
    slots,
    busy,
    taskTypes: [...of.taskTypes],
    load: {
      eventLoopDelayMs: eventLoop.delay().p99Ms,
      cpu: Math.round(((loadavg()[0] ?? 0) / cpus().length) * 100) / 100,
      freeMemoryMb: Math.round(freemem() / 1_048_576),
      paused,
    },
    schedules: schedules.list(),
    at: new Date(),
  };
}
