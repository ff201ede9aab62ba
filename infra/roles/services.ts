import type { RoleParts, Service } from '../app';
import { createConsole } from '../console/console';
import { FileStore } from '../database';
import { createHttp } from '../http/http';
import { jobs as linkedJobs } from '../link';
import { Metrics, type QueueMetrics } from '../monitor/metrics';
import { TaskQueue } from '../queue';
import { taskStates } from '../queue/model/task';
import { type AppContext, senderOf } from './app-context';
import { FileSweeper } from './file-sweeper';
import { JobsParts } from './jobs-parts';
import { linkToJobs } from './link';
import { asService } from './service';
import { runOfStoredSchedules, storedSchedulesOf } from './stored-schedules';

/** What a process in its role is made of, in the order of start. The services stop in reverse. */
export function servicesOf(context: AppContext): Service[] {
  const { role, app, settings, connection, eventLoop, database, registry, health, events, indexes } = context;
  const { emit } = events;
  const web = role !== 'jobs';
  const jobs = role === 'web' ? undefined : new JobsParts(context);
  const metrics = metricsOf(context, jobs);
  const files = new FileStore(connection.db);
  const parts: RoleParts = { files, keepIndexes: ensure => indexes.keep(app.name, ensure), emit };
  const keepOwn = async () => {
    await indexes.keep('files', () => files.ensureIndexes());
    await indexes.keep('processes', () => registry.ensureIndexes());
  };
  return [
    asService('database', { stop: () => connection.close() }),
    asService('indexes', { start: keepOwn, stop: () => indexes.stop() }),
    asService('event loop', eventLoop),
    asService('database watch', database),
    asService('register of processes', registry),
    createHttp({ app, role, settings, health, metrics, emit, isLink: id => jobs?.isLink(id) ?? false }),
    queueOf(context),
    storedSchedulesOf(context),
    jobs && asService('runs in memory', jobs.runs),
    jobs?.workers,
    ...(jobs ? jobs.link : [linkToJobs(context)]),
    jobs?.schedules,
    jobs && runOfStoredSchedules(context),
    jobs && new FileSweeper(context),
    web && createConsole({ settings: settings.console, registry, indexes, emit, mayOperate: app.mayOperate }),
    web && app.api?.(parts),
    ...((web && app.services?.web?.(parts)) || []),
    ...((jobs && app.services?.jobs?.(parts)) || []),
  ].filter(isService);
}

const isService = (entry: Service | false | undefined): entry is Service => Boolean(entry);

function metricsOf({ identity, eventLoop, events }: AppContext, jobs: JobsParts | undefined): Metrics {
  const sources = { ...identity, eventLoop: () => eventLoop.delay(), queue: queueMetrics };
  return new Metrics({ ...sources, ...(jobs ? jobs.metrics : { linkUp: () => linkedJobs.isUp() }) }, events);
}

/** Connects the queue: both roles add tasks, and look at them. */
function queueOf({ connection, settings, events, healthSources, indexes }: AppContext): Service {
  return asService('queue', {
    async start() {
      await TaskQueue.connect({
        db: connection.db,
        sender: senderOf(),
        signingKeys: settings.queue.signingKey,
        emit: events.emit,
        ...(healthSources.untakenTypes && { untakenTypes: healthSources.untakenTypes }),
      });
      await indexes.keep('batches', () => TaskQueue.core.batches.ensureIndexes());
      healthSources.queueCounts = async () => ({ ...(await TaskQueue.counts()).total });
    },
  });
}

/** What the metrics show of the queue. */
async function queueMetrics(): Promise<QueueMetrics> {
  const { byType } = await TaskQueue.counts();
  const types = Object.entries(byType);
  const now = Date.now();
  return {
    depth: types.flatMap(([taskType, counts]) => taskStates.map(state => ({ taskType, state, count: counts[state] }))),
    oldestSeconds: types.flatMap(([taskType, { oldestQueued }]) =>
      oldestQueued ? [{ taskType, seconds: Math.max(0, (now - oldestQueued.getTime()) / 1_000) }] : [],
    ),
  };
}
