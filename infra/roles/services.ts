import type { App, RoleParts, Service } from '../app';
import type { AnyCatalog } from '../catalog';
import { createConsole } from '../console/console';
import { FileStore } from '../database';
import { createHttp, markUnknown, OpenRequests } from '../http/http';
import { jobs as linkedJobs } from '../link';
import { Deploys } from '../monitor/deploys';
import { Metrics, type QueueMetrics } from '../monitor/metrics';
import { TaskQueue } from '../queue';
import { liveStates } from '../queue/model/task';
import { Repeated } from '../timing/repeated';
import { type AppContext, senderOf } from './app-context';
import { FileSweeper } from './file-sweeper';
import { JobsParts } from './jobs-parts';
import { linkToJobs } from './link';
import { asService } from './service';
import { runOfStoredSchedules, storedSchedulesOf } from './stored-schedules';

/**
 * The services of a process in its role, in the order of their start. They stop in reverse.
 *
 * @param end drains this process and ends it.
 */
export function servicesOf(context: AppContext, end: () => void): Service[] {
  const { role, app, settings, identity, connection, eventLoop, database, registry, health, events, indexes } = context;
  const { emit } = events;
  const web = role !== 'jobs';
  const jobs = role === 'web' ? undefined : new JobsParts(context, end);
  const metrics = metricsOf(context, jobs);
  const requests = new OpenRequests();
  const files = new FileStore(connection.db);
  const parts: RoleParts = { files, keepIndexes: ensure => indexes.keep(app.name, ensure), emit };
  const keepOwn = async () => {
    await indexes.keep('files', () => files.ensureIndexes());
    await indexes.keep('processes', () => registry.ensureIndexes());
    const deploys = new Deploys(connection.db);
    await indexes.keep('deploys', () => deploys.ensureIndexes());
    await deploys.mark(identity);
  };
  return [
    createHttp({ app, role, settings, health, metrics, emit, requests, isLink: id => jobs?.isLink(id) ?? false }),
    asService('database', { start: () => connection.open(), stop: () => connection.close() }),
    asService('indexes', { start: keepOwn, stop: () => indexes.stop() }),
    asService('event loop', eventLoop),
    asService('database watch', database),
    asService('register of processes', registry),
    asService('open requests', { stop: () => requests.answered() }),
    queueOf(context),
    storedSchedulesOf(context),
    jobs && asService('runs in memory', jobs.runs),
    jobs?.workers,
    ...(jobs ? jobs.link : [linkToJobs(context)]),
    jobs?.schedules,
    jobs && runOfStoredSchedules(context),
    jobs && new FileSweeper(context),
    web &&
      createConsole({
        db: connection.db,
        settings: settings.console,
        cronHistory: settings.cron.collectionName,
        registry,
        indexes,
        emit,
        mayOperate: app.mayOperate,
      }),
    web && app.api?.(parts),
    ...((web && app.services?.web?.(parts)) || []),
    // After all routes: it is for what none of them answers.
    web && app.pages && asService('pages', { start: async () => markUnknown(app.pages!) }),
    ...((jobs && app.services?.jobs?.(parts)) || []),
  ].filter(isService);
}

const isService = (entry: Service | false | undefined): entry is Service => Boolean(entry);

function metricsOf({ identity, eventLoop, events, registry }: AppContext, jobs: JobsParts | undefined): Metrics {
  const reports = () => registry.isReporter();
  const sources = { ...identity, eventLoop: () => eventLoop.delay(), queue: queueMetrics, reports };
  return new Metrics({ ...sources, ...(jobs ? jobs.metrics : { linkUp: () => linkedJobs.isUp() }) }, events);
}

/** Connects the queue: both roles add tasks, and look at them. */
function queueOf({ role, app, connection, identity, settings, events, healthSources, indexes }: AppContext): Service {
  // Of what they add and cancel. What was not written stays for the next time.
  const writeStatistics = async () => TaskQueue.core.statistics.flush();
  const beat = async () => {
    await writeStatistics().catch(() => {});
    // A jobs role hears of them at once.
    if (role === 'web') await TaskQueue.limits.refresh().catch(() => {});
  };
  const statistics = new Repeated(settings.queue.heartbeatMs, beat);
  return asService('queue', {
    async start() {
      await TaskQueue.connect({
        db: connection.db,
        sender: senderOf(),
        // Without a commit, the version is the next best thing to tell deploys apart.
        commit: identity.commit === 'unknown' ? identity.version : identity.commit,
        signingKeys: settings.queue.signingKey,
        emit: events.emit,
        ...(healthSources.untakenTypes && { untakenTypes: healthSources.untakenTypes }),
        ...(healthSources.livingRoles && { livingRoles: healthSources.livingRoles }),
      });
      if (hasRates(app)) await indexes.keep('rates', () => TaskQueue.rates.ensureIndexes());
      await indexes.keep('bulk work', () => TaskQueue.core.bulkWorks.ensureIndexes());
      await indexes.keep('batches', () => TaskQueue.core.batches.ensureIndexes());
      await indexes.keep('owners', () => TaskQueue.ensureOwnerIndex());
      await indexes.keep('statistics', () => TaskQueue.core.statistics.ensureIndexes());
      await indexes.keep('attempt logs', () => TaskQueue.core.attemptLogs.ensureIndexes());
      await indexes.keep('error groups', () => TaskQueue.core.errorGroups.ensureIndexes());
      await TaskQueue.limits.refresh();
      statistics.startLater();
      healthSources.queueCounts = async () => ({ ...(await TaskQueue.counts()).total });
      healthSources.overdue = countOverdue;
    },
    async stop() {
      await statistics.stop();
      await writeStatistics().catch(() => {});
    },
  });
}

/** Scheduled tasks that are due: with no jobs role alive nobody puts them into the queue, so one is to be started. */
async function countOverdue(): Promise<number> {
  const { store, clock } = TaskQueue.core;
  const due = { state: 'scheduled' as const, dueDate: { $lte: clock.now() } };
  return store.collection.countDocuments(due, { hint: 'due', limit: 1_000 });
}

/** Their logs are removed by an index that no other app needs. */
function hasRates({ catalog, rates }: App): boolean {
  return rates !== undefined || Object.values(catalog as AnyCatalog).some(({ rateLimit }) => rateLimit !== undefined);
}

/** What the metrics show of the queue. */
async function queueMetrics(): Promise<QueueMetrics> {
  const { byType } = await TaskQueue.counts();
  const types = Object.entries(byType);
  const now = Date.now();
  return {
    depth: types.flatMap(([taskType, counts]) => liveStates.map(state => ({ taskType, state, count: counts[state] }))),
    oldestSeconds: types.flatMap(([taskType, { oldestQueued }]) =>
      oldestQueued ? [{ taskType, seconds: Math.max(0, (now - oldestQueued.getTime()) / 1_000) }] : [],
    ),
  };
}
