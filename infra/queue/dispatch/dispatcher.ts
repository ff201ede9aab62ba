import type { Executor } from '../executor';
import type { QueueCore, QueueSignals } from '../queue-core';
import type { TaskStore } from '../store/task-store';
import type { Task } from '../task';
import { TaskCounters } from '../task-counters';
import type { TaskQueueOf } from '../task-queue';
import { type ChangeListener, ChangeWatch } from './change-watch';
import { Claimer } from './claimer';
import { DatabaseReport } from './database-report';
import { type DispatcherSettings, type ResolvedSettings, resolveSettings } from './dispatcher-settings';
import { Heartbeat } from './heartbeat';
import { HeldTasks } from './held-tasks';
import { LoadGate } from './load-gate';
import { OpenTypes } from './open-types';
import { Owners } from './owners';
import { Pump } from './pump';
import { RateLimits } from './rate-limits';
import { RunDesk } from './run-desk';
import { takeOver } from './takeover';
import { Ticker } from './ticker';
import { Timeline } from './timeline';

export type { DispatcherSettings } from './dispatcher-settings';

export interface DispatcherOptions {
  // biome-ignore lint/suspicious/noExplicitAny: a dispatcher works for a queue of any catalogue
  queue: TaskQueueOf<any>;
  executor: Executor;
  settings?: DispatcherSettings;
}

/** How often the machine's load is looked at, in ms. */
const loadEveryMs = 1_000;
/** What a drain leaves at least for writing the ends of tasks, in ms. */
const writeMs = 2_000;

/**
 * Takes tasks from the queue and gives them to an executor: one for each jobs role. Its parts by their work:
 * pump (claims) → executor (runs) → desk (settles); timeline, watch and ticker say when to look; the heartbeat keeps
 * what is held.
 */
export class Dispatcher implements QueueSignals {
  /** Under this name the role holds its tasks. */
  readonly owner: string;
  private readonly core: QueueCore;
  private readonly settings: ResolvedSettings;
  private readonly held = new HeldTasks();
  private readonly report: DatabaseReport;
  private readonly counters: TaskCounters;
  private readonly types: OpenTypes;
  private readonly desk: RunDesk;
  private readonly gate: LoadGate;
  private readonly pump: Pump;
  private readonly heartbeat: Heartbeat;
  private readonly timeline: Timeline;
  private readonly watch: ChangeWatch;
  private readonly ticker: Ticker;
  private starting: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;

  /** @throws RangeError where a setting is out of its range. */
  constructor(private readonly options: DispatcherOptions) {
    const { core } = options.queue;
    this.core = core;
    this.settings = resolveSettings(options.settings);
    const { refreshRate, heartbeatMs, overload, measureLoad, taskTypes } = this.settings;
    const owners = new Owners(core.db, heartbeatMs);
    this.owner = owners.id;
    this.report = new DatabaseReport(core.emit);
    this.counters = new TaskCounters(core.db);
    this.types = new OpenTypes(core, this.report, taskTypes);
    const wake = () => this.pump.wake();
    this.gate = new LoadGate(overload, core.emit, wake, Math.min(refreshRate, loadEveryMs), measureLoad);
    this.desk = this.createDesk(wake);
    this.pump = this.createPump();
    this.heartbeat = this.createHeartbeat(owners);
    const { held, counters, report } = this;
    this.timeline = new Timeline({ core, owners, held, counters, report, onWork: wake });
    this.watch = new ChangeWatch(core.db, core.store.collection.collectionName, this.createListener(), report);
    this.ticker = new Ticker(refreshRate, this.chores(), () => this.pump.tick());
  }

  /** Starts to run tasks. Where the database is away, it waits for it: whoever wants to know listens to the events. */
  start(): Promise<void> {
    this.starting ??= this.doStart();
    return this.starting;
  }

  /**
   * Drains: stops claiming, lets the executor finish what it can within `graceMs`, hands the rest back untouched.
   * Nothing waits for a lease. Twice is fine.
   */
  stop(graceMs = 10_000): Promise<void> {
    this.stopping ??= this.doStop(graceMs);
    return this.stopping;
  }

  /** How many tasks this role runs now, and how many ends wait to be written. */
  get load(): { running: number; settling: number } {
    return { running: this.held.countRunning(), settling: this.desk.settler.size };
  }

  setRefreshRate(ms: number): void {
    this.ticker.setRate(ms);
  }

  added(tasks: readonly Task[], inMemory: boolean): void {
    this.timeline.added(tasks, inMemory ? this.core.memory : this.core.store);
    if (tasks.some(({ state }) => state === 'queued')) this.pump.wake();
  }

  cancelRequested(id: string): void {
    this.desk.cancel(id);
  }

  pausesChanged(): void {
    void this.readPauses();
  }

  nudged(): void {
    this.pump.wake();
    void this.timeline.lookAt('due', this.core.store);
  }

  private async doStart(): Promise<void> {
    await this.options.executor.start(this.desk);
    this.core.dispatchers.add(this);
    const inMemoryOnly = this.settings.inMemoryOnly === true;
    if (!inMemoryOnly) await this.joinQueue();
    await this.timeline.start(inMemoryOnly);
    if (!inMemoryOnly) await this.watch.start();
    this.gate.start();
    this.ticker.start();
    this.pump.start();
  }

  private async joinQueue(): Promise<void> {
    await this.report.attempt('take over', () => takeOver(this.core, this.settings.signTakeOver === true));
    await this.report.attempt('counters', () => this.counters.load());
    await this.heartbeat.start();
    await this.types.readPauses();
  }

  private async doStop(graceMs: number): Promise<void> {
    await this.starting;
    this.core.dispatchers.delete(this);
    this.ticker.stop();
    this.gate.stop();
    await this.pump.stop();
    const unfinished = await this.options.executor.stop(graceMs);
    await this.desk.drain(Math.max(writeMs, graceMs));
    await this.desk.handBack(unfinished);
    await this.watch.stop();
    await this.timeline.stop();
    await this.report.attempt('counters', () => this.counters.flush());
    if (!this.settings.inMemoryOnly) await this.heartbeat.stop();
  }

  private createDesk(onRoom: () => void): RunDesk {
    const { core, held, counters, report, settings } = this;
    const onScheduled = ({ _id: id }: Task, date: Date, store: TaskStore) =>
      this.timeline.scheduled({ id, date }, store);
    const batch = settings.batch === 1 ? { batch: 1 } : {};
    return new RunDesk({
      core,
      held,
      counters,
      report,
      executor: this.options.executor,
      onRoom,
      onScheduled,
      ...batch,
    });
  }

  private createPump(): Pump {
    const { core, held, gate, report, settings, desk } = this;
    // In-memory tasks come first, whatever their priority, as in meteor-cluster.
    const stores = settings.inMemoryOnly ? [core.memory] : [core.memory, core.store];
    return new Pump({
      sources: stores.map(store => ({ store, claimer: this.createClaimer(store) })),
      executor: this.options.executor,
      settler: desk.settler,
      held,
      gate,
      report,
      clock: core.clock,
      emit: core.emit,
      batch: settings.batch,
      limit: settings.concurrency ?? Number.POSITIVE_INFINITY,
      openTypes: () => this.types.list(),
      onBusy: () => this.watch.rest(),
      onIdle: () => this.watch.wake(),
      onStale: task => desk.lost(task),
    });
  }

  private createClaimer(store: TaskStore): Claimer {
    return new Claimer(store, {
      core: this.core,
      owner: this.owner,
      leaseMs: this.settings.leaseMs,
      rates: new RateLimits(this.core.db),
      countRunning: taskType => this.held.countRunning(taskType),
      onRateLimited: (taskType, until) => this.pump.closeUntil(taskType, until),
    });
  }

  private createHeartbeat(owners: Owners): Heartbeat {
    const { core, held, report, settings, desk } = this;
    return new Heartbeat({
      owners,
      store: core.store,
      clock: core.clock,
      held,
      report,
      leaseMs: settings.leaseMs,
      everyMs: settings.heartbeatMs,
      onLost: task => desk.lost(task),
      alsoDo: async () => {
        core.memory.purge(core.clock.now());
        await this.counters.flush();
      },
    });
  }

  private createListener(): ChangeListener {
    return {
      queued: () => this.pump.wake(),
      scheduled: upcoming => this.timeline.scheduled(upcoming, this.core.store),
      cancelRequested: id => this.cancelRequested(id),
      control: () => this.pausesChanged(),
      unsupported: () => this.core.emit('queue.polling', { refreshRate: this.settings.refreshRate }),
      opened: () => {
        this.nudged();
        void this.lookForCancels();
        void this.readPauses();
      },
    };
  }

  /** What a tick looks after, one at a time: beside the queue's head, an idle role asks one question a tick. */
  private chores(): (() => Promise<void>)[] {
    if (this.settings.inMemoryOnly) return [];
    const due = () => this.timeline.lookAt('due', this.core.store);
    const others = [
      () => this.readPauses(),
      () => this.lookForCancels(),
      () => this.timeline.lookAt('deadline', this.core.store),
      () => this.types.reportUnknown(),
      () => this.timeline.lookAtLeases(),
    ];
    return others.flatMap(other => [due, other]);
  }

  private async readPauses(): Promise<void> {
    if (await this.types.readPauses()) this.pump.wake();
  }

  private async lookForCancels(): Promise<void> {
    const ids = this.held.of(this.core.store).map(({ _id }) => _id);
    if (ids.length === 0) return;
    const asked = await this.report.attempt('cancels', () => this.core.store.cancelRequested(ids));
    for (const id of asked ?? []) this.cancelRequested(id);
  }
}
