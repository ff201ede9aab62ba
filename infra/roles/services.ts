import type { RoleParts, Service } from '../app';
import { createConsole } from '../console/console';
import { FileStore } from '../database';
import { createHttp } from '../http/http';
import { jobs as linkedJobs } from '../link';
import { Metrics } from '../monitor/metrics';
import type { AppContext } from './app-context';
import { FileSweeper } from './file-sweeper';
import { JobsParts } from './jobs-parts';
import { linkToJobs } from './link';
import { queueMetrics, queueOf } from './queue';
import { asService } from './service';

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
    jobs && asService('runs in memory', jobs.runs),
    jobs?.workers,
    ...(jobs ? jobs.link : [linkToJobs(context)]),
    jobs?.schedules,
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
