import { availableParallelism } from 'node:os';
import type { AnyCatalog } from '../catalog';
import type { Emit } from '../monitor/events';
import type { QueueCore } from '../queue/api/queue-core';
import type { TaskQueueOf } from '../queue/api/task-queue';
import { Dispatcher } from '../queue/dispatch/dispatcher';
import { Pool } from '../workers/pool/pool';
import type { PoolSnapshot } from '../workers/pool/pool-snapshot';
import { workerMark } from '../workers/pool/worker-environment';
import { type TypeOverrides, withOverrides } from '../workers/protocol/task-types';
import { checkWorkerFile, workerFileAbove } from '../workers/worker-file';
import {
  type ClusterOptions,
  parseRefreshRate,
  type ResolvedClusterOptions,
  resolveClusterOptions,
} from './cluster-options';
import { parseTaskMap, type TaskMap } from './task-map';

/** How long running tasks may go on when the cluster stops, unless `stop` names another time. */
const defaultGraceMs = 10_000;

/** The queues that have a cluster, from the beginning of its start: of two that start at once, only one may run. */
const served = new WeakSet<object>();

/** Ordinary events. All others are a warning or an error. */
const ordinary = new Set([
  ...['task.claimed', 'task.started', 'task.progress', 'task.done', 'task.cancelled', 'task.snoozed'],
  ...['queue.promoted', 'queue.handedBack', 'queue.resumed', 'queue.databaseBack', 'queue.takenOver'],
  ...['worker.started', 'worker.ended', 'worker.recycled', 'cluster.started', 'cluster.stopped'],
]);

/**
 * meteor-cluster's API: runs the tasks of a TaskQueue in worker processes. It is the dispatcher and the pool of a jobs
 * role under one name.
 *
 * @example
 * const cluster = new Cluster({ buildReport: true }, { maxAvailableWorkers: 2, messageBroker });
 */
export class Cluster {
  private readonly options: ResolvedClusterOptions;
  private readonly types: Record<string, TypeOverrides>;
  private refreshRate: number;
  private pool: Pool | undefined;
  private dispatcher: Dispatcher | undefined;
  private initializing: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;

  /**
   * @param taskMap the task types that this cluster runs, each with the name of its handler, `true`, or options.
   * @throws one Error with all problems of the taskMap, or of the options.
   */
  constructor(taskMap: TaskMap, options: ClusterOptions = {}) {
    if (!Cluster.isMaster()) throw new Error('A worker process runs tasks of a cluster; it has none of its own.');
    this.options = resolveClusterOptions(options);
    this.types = parseTaskMap(taskMap, this.options.queue.catalog as AnyCatalog);
    this.refreshRate = this.options.refreshRate;
    // Nobody awaits a cluster that starts by itself: the log must show why it can't start.
    if (this.options.autoInitialize) this.initialize().catch(() => {});
  }

  /** False in a worker process, true in every other one. */
  static isMaster(): boolean {
    return process.env[workerMark] === undefined;
  }

  /** How many workers are useful at the same time: one for each core that this process may use. */
  static maxWorkers(): number {
    return availableParallelism();
  }

  /** Changes how often to read the queue when nothing announces work, in ms. */
  setRefreshRate(refreshRate: number): void {
    this.refreshRate = parseRefreshRate(refreshRate);
    this.dispatcher?.setRefreshRate(this.refreshRate);
  }

  /**
   * Starts to run tasks, once the queue is connected. Twice is fine.
   *
   * @throws where the worker file is missing or old, a worker can't start, or this process has a cluster already.
   */
  initialize(): Promise<void> {
    this.initializing ??= this.start();
    return this.initializing;
  }

  /** Drains: claims nothing more, lets tasks finish for `graceMs`, hands the rest back, ends all workers. Twice is fine. */
  stop(graceMs = defaultGraceMs): Promise<void> {
    this.stopping ??= this.drain(graceMs);
    return this.stopping;
  }

  /** The workers and what they do now. */
  snapshot(): PoolSnapshot | undefined {
    return this.pool?.snapshot();
  }

  private async start(): Promise<void> {
    const { queue } = this.options;
    await queue.whenConnected;
    if (this.stopping) return;
    const core = this.coreOf(queue.core);
    if (core.dispatchers.size > 0 || served.has(queue))
      throw new Error('This process has a cluster already: one runs all task types.');
    served.add(queue);
    for (const message of this.options.warnings) core.emit('cluster.warning', { level: 'warn', message });
    try {
      this.pool = this.createPool(core);
      this.dispatcher = this.createDispatcher(core, this.pool);
      await this.dispatcher.start();
    } catch (error) {
      this.dispatcher = undefined;
      served.delete(queue);
      core.emit('cluster.failed', { level: 'error', message: 'the cluster could not start', error });
      throw error;
    }
    core.emit('cluster.started', { taskTypes: Object.keys(this.types), maxWorkers: this.options.maxAvailableWorkers });
  }

  private async drain(graceMs: number): Promise<void> {
    // A cluster that waits for its queue would wait for ever.
    if (!this.dispatcher) return;
    await this.initializing?.catch(() => {});
    // It could not start.
    if (!this.dispatcher) return;
    await this.dispatcher.stop(graceMs);
    served.delete(this.options.queue);
    this.coreOf(this.options.queue.core).emit('cluster.stopped', {});
  }

  /** The queue's parts with the specifics of this cluster: its types' options, and its log level. */
  private coreOf(core: QueueCore): QueueCore {
    const emit = this.options.logs === 'error' ? quiet(core.emit) : core.emit;
    return { ...core, emit, catalog: withOverrides(core.catalog, this.types) };
  }

  private createPool(core: QueueCore): Pool {
    const { queue, workerFile, databaseUrl, messageBroker, maxAvailableWorkers, keepAlive, pool } = this.options;
    const file = workerFile ?? defaultWorkerFile();
    checkWorkerFile(file);
    return new Pool({
      ...pool,
      file,
      catalog: queue.core.catalog,
      types: this.types,
      emit: core.emit,
      queue,
      messageBroker,
      handlerSettings: queue.handlerSettings,
      ...(databaseUrl !== undefined && { databaseUrl }),
      maxWorkers: maxAvailableWorkers,
      keepAlive: keepAlive ?? this.refreshRate,
    });
  }

  private createDispatcher(core: QueueCore, executor: Pool): Dispatcher {
    const { queue, dispatcher, inMemoryOnly } = this.options;
    // biome-ignore lint/suspicious/noExplicitAny: as the options have it
    const ownQueue: TaskQueueOf<any, any> = Object.create(queue, { core: { value: core } });
    const taskTypes = Object.keys(this.types);
    const settings = { ...dispatcher, refreshRate: this.refreshRate, inMemoryOnly, taskTypes };
    return new Dispatcher({ queue: ownQueue, executor, settings });
  }
}

function defaultWorkerFile(): string {
  // Meteor gives Assets to each file of the app; it can't be imported.
  if (typeof Assets === 'object') return Assets.absoluteFilePath('workers/main.js');
  const found = workerFileAbove(process.cwd()); // of Rspack's bundle, which has none in development
  if (found) return found;
  throw new Error('workerFile: outside of Meteor the cluster must be told where the bundled worker file is');
}

/**
 * `logs: 'error'`: ordinary events are still emitted, for the metrics among others, but at the level debug, which logs
 * leave out by default.
 */
function quiet(emit: Emit): Emit {
  return (name, fields) => emit(name, isOrdinary(name, fields) ? { message: name, ...fields, level: 'debug' } : fields);
}

function isOrdinary(name: string, fields: object): boolean {
  const { level, stream } = fields as { level?: string; stream?: string };
  if (name === 'task.log') return level === 'info' || level === 'debug';
  if (name === 'worker.output') return stream === 'stdout';
  return ordinary.has(name);
}
