import type { QueueCore, QueueSignals } from '../api/queue-core';
import type { TaskQueueOf } from '../api/task-queue';
import type { Executor } from '../model/executor';
import type { Task } from '../model/task';
import { migrateFromMeteorCluster } from './meteor-cluster-migration';
import { DispatcherParts } from './parts';
import { type DispatcherSettings, type ResolvedSettings, resolveSettings } from './settings';

export type { DispatcherSettings } from './settings';

export interface DispatcherOptions {
  // biome-ignore lint/suspicious/noExplicitAny: a dispatcher works for a queue of any catalog
  queue: TaskQueueOf<any, any>;
  executor: Executor;
  settings?: DispatcherSettings;
}

export interface DispatchTrouble {
  /** Ends of tasks that are not written yet, and for how long the oldest of them has waited. */
  unwritten: number;
  oldestUnwrittenMs: number;
  /** Why the last claim failed; undefined where it did not. */
  claimFailure: string | undefined;
}

/** What a drain leaves at least for writing the ends of tasks, in ms. */
const writeMs = 2_000;

/**
 * Takes tasks from the queue and gives them to an executor: one for each jobs role. The fetch loop claims tasks, the
 * executor runs them, the completer settles them. Wake-ups and the event timer say when to look. The heartbeat renews the
 * leases of what is in flight.
 */
export class Dispatcher implements QueueSignals {
  /** Under this name the role holds its tasks. */
  readonly owner: string;
  private readonly core: QueueCore;
  private readonly settings: ResolvedSettings;
  private readonly parts: DispatcherParts;
  private starting: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;

  /** @throws RangeError where a setting is out of its range. */
  constructor(private readonly options: DispatcherOptions) {
    const { core } = options.queue;
    this.core = core;
    this.settings = resolveSettings(options.settings);
    this.parts = new DispatcherParts(core, options.executor, this.settings);
    this.owner = this.parts.owners.id;
  }

  /** Starts to run tasks. Where the database is away, it waits for it: whoever wants to know listens to the events. */
  start(): Promise<void> {
    this.starting ??= this.doStart();
    return this.starting;
  }

  /**
   * Drains: stops claiming, lets the executor finish what it can within `graceMs`, hands the rest back untouched.
   * Nothing waits for a lease: where the database does not take it back, this owner is left to be found dead.
   * Twice is fine.
   */
  stop(graceMs = 10_000, cut?: AbortSignal): Promise<void> {
    this.stopping ??= this.doStop(graceMs, cut);
    return this.stopping;
  }

  /** How many tasks this role runs now, and how many ends wait to be written. */
  get load(): { running: number; settling: number } {
    return { running: this.parts.inFlight.countRunning(), settling: this.parts.executionEvents.completer.size };
  }

  /** What a role can suffer from although it looks alive: ends that it can't write, claims that fail. */
  get trouble(): DispatchTrouble {
    const { completer } = this.parts.executionEvents;
    const { claimFailure } = this.parts.fetchLoop;
    return { unwritten: completer.size, oldestUnwrittenMs: Math.round(completer.oldestMs), claimFailure };
  }

  /** While the machine is overloaded: nothing below this priority starts here; Infinity: nothing at all. */
  get minPriority(): number | undefined {
    return this.parts.overload.minPriority();
  }

  setRefreshRate(ms: number): void {
    this.parts.wakeUps.setRefreshRate(ms);
  }

  added(tasks: readonly Task[], inMemory: boolean): void {
    this.parts.eventTimer.added(tasks, inMemory ? this.core.memory : this.core.store);
    for (const task of tasks) if (task.state === 'waiting') this.parts.waiting.heardOf(task);
    const queued = tasks.filter(({ state }) => state === 'queued');
    if (!inMemory) for (const task of queued) this.core.store.headReader.heads.queued(task);
    if (queued.length > 0) this.parts.fetchLoop.wake();
  }

  cancelRequested(id: string): void {
    this.parts.executionEvents.cancel(id);
  }

  waitingChanged(afterBatch?: string): void {
    if (afterBatch !== undefined) this.parts.waiting.heardOf({ afterBatch });
    else void this.parts.waiting.sweep();
  }

  pausesChanged(): void {
    void this.parts.wakeUps.readPauses();
  }

  bulkWorkAdded(): void {
    if (this.settings.inMemoryOnly !== true) this.parts.bulkWorker.look();
  }

  wake(): void {
    this.parts.fetchLoop.wake();
    void this.parts.eventTimer.lookAt('due', this.core.store);
  }

  datesChanged(): void {
    this.parts.fetchLoop.wake();
    void this.parts.eventTimer.datesChanged();
  }

  private async doStart(): Promise<void> {
    await this.options.executor.start(this.parts.executionEvents);
    this.core.dispatchers.add(this);
    const inMemoryOnly = this.settings.inMemoryOnly === true;
    if (!inMemoryOnly) await this.joinQueue();
    await this.parts.eventTimer.start(inMemoryOnly);
    await this.parts.wakeUps.start();
    this.parts.overload.start();
    this.parts.fetchLoop.start();
  }

  private async joinQueue(): Promise<void> {
    await this.parts.guard.attempt('take over', () =>
      migrateFromMeteorCluster(this.core, this.settings.signTakeOver === true),
    );
    await this.parts.guard.attempt('counters', () => this.parts.counters.load());
    await this.parts.heartbeat.start();
    await this.parts.types.readPauses();
    this.parts.failures.look();
    this.parts.bulkWorker.look();
  }

  private async doStop(graceMs: number, cut: AbortSignal | undefined): Promise<void> {
    const until = performance.now() + graceMs;
    const leftMs = () => Math.max(0, until - performance.now());
    await this.starting;
    this.core.dispatchers.delete(this);
    this.parts.wakeUps.stopPolling();
    this.parts.overload.stop();
    // It may be counting millions of tasks: that holds up none of ours.
    const bulkWork = this.parts.bulkWorker.stop();
    await this.parts.fetchLoop.stop();
    await this.options.executor.stop(leftMs(), cut);
    await this.parts.executionEvents.drain(Math.max(writeMs, leftMs()));
    const inMemoryOnly = this.settings.inMemoryOnly === true;
    const isFree = await this.parts.executionEvents.handBackAll(this.owner, inMemoryOnly);
    // Else this owner is found dead, and its starts with it.
    if (isFree) await this.parts.rates.stop();
    this.tellOfMemory();
    await this.parts.wakeUps.stop();
    await this.parts.waiting.stop();
    await this.parts.eventTimer.stop();
    await this.parts.failures.stop();
    await this.parts.indexes.stop();
    await this.parts.guard.attempt('counters', () => this.parts.counters.flush());
    if (!inMemoryOnly) await this.parts.heartbeat.stop(isFree);
    await bulkWork;
    if (!inMemoryOnly) await this.parts.guard.attempt('statistics', () => this.core.statistics.flush());
  }

  /** What is in memory can be handed to nobody. */
  private tellOfMemory(): void {
    const count = this.core.memory.live().length;
    if (count > 0) this.core.emit('queue.leftInMemory', { count });
  }
}
