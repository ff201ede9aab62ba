import { cancelTasks } from '../api/cancel-tasks';
import type { QueueCore } from '../api/queue-core';
import { ClaimableTypes } from '../claim/claimable-types';
import { Claimer } from '../claim/claimer';
import { InFlightTasks } from '../claim/in-flight';
import { Overload } from '../claim/overload';
import { RateGrants } from '../claim/rate-grants';
import { EventTimer } from '../due/event-timer';
import { Heartbeat } from '../lease/heartbeat';
import { Owners } from '../lease/owners';
import type { Executor } from '../model/executor';
import { isLive, type Task } from '../model/task';
import { ExecutionEvents } from '../settle/execution-events';
import { FailureTasks } from '../settle/failure-tasks';
import { DatabaseGuard, IndexKeeper } from '../store/database-guard';
import { RateLimits } from '../store/rate-limits';
import { TaskCounters } from '../store/task-counters';
import type { TaskStore } from '../store/task-store';
import { WaitingTasks } from '../waiting/waiting-tasks';
import { WakeUps } from '../wake/wake-ups';
import { BulkWorker } from './bulk-worker';
import { FetchLoop } from './fetch-loop';
import type { ResolvedSettings } from './settings';

/** How often the machine's load is looked at, in ms. */
const loadEveryMs = 1_000;

/** What a dispatcher is made of, and who tells whom: its life is the dispatcher's business. */
export class DispatcherParts {
  readonly owners: Owners;
  readonly inFlight = new InFlightTasks();
  readonly guard: DatabaseGuard;
  readonly indexes: IndexKeeper;
  readonly counters: TaskCounters;
  readonly types: ClaimableTypes;
  readonly rates: RateGrants;
  private readonly rateLimits: RateLimits;
  readonly waiting: WaitingTasks;
  readonly failures: FailureTasks;
  readonly bulkWorker: BulkWorker;
  readonly executionEvents: ExecutionEvents;
  readonly overload: Overload;
  readonly fetchLoop: FetchLoop;
  readonly heartbeat: Heartbeat;
  readonly eventTimer: EventTimer;
  readonly wakeUps: WakeUps;
  private readonly wake = () => this.fetchLoop.wake();

  constructor(
    private readonly core: QueueCore,
    private readonly executor: Executor,
    private readonly settings: ResolvedSettings,
  ) {
    const { refreshRate, heartbeatMs, overload, measureLoad, taskTypes } = settings;
    this.owners = new Owners(core.db, heartbeatMs);
    const onBack = () => void this.waiting.sweep();
    this.guard = new DatabaseGuard(core.emit, () => this.indexes.look(), onBack);
    this.indexes = new IndexKeeper(core.store, this.guard);
    this.counters = new TaskCounters(core.db, core.statistics);
    this.types = new ClaimableTypes(core, this.guard, taskTypes);
    this.overload = new Overload(overload, core.emit, this.wake, Math.min(refreshRate, loadEveryMs), measureLoad);
    this.rateLimits = new RateLimits(core.db, this.owners.id);
    this.rates = new RateGrants(this.rateLimits, core, this.guard);
    this.waiting = this.createWaitingTasks();
    this.failures = new FailureTasks(core, this.guard);
    this.bulkWorker = new BulkWorker(core, this.guard, settings.leaseMs);
    this.executionEvents = this.createExecutionEvents();
    this.fetchLoop = this.createFetchLoop();
    core.store.headReader.onMore = this.wake;
    this.heartbeat = this.createHeartbeat();
    const { owners, inFlight, counters, guard, rateLimits: rates } = this;
    const onLeft = (task: Task) => this.left(task);
    this.eventTimer = new EventTimer({ core, owners, inFlight, counters, guard, rates, onLeft, wake: this.wake });
    this.wakeUps = this.createWakeUps();
  }

  /** A task is not queued and does not run any more. */
  private left(task: Task): void {
    this.waiting.slotFreed(task);
    if (!isLive(task)) this.waiting.hasEnded(task);
    if (task.state === 'failed') this.failures.heardOf(task);
  }

  private createWaitingTasks(): WaitingTasks {
    const { core, guard, counters, rateLimits: rates, wake } = this;
    const datesChanged = () => void this.eventTimer.datesChanged();
    const cancelBatch = (batch: string) => cancelTasks(core, { batch });
    return new WaitingTasks({ core, guard, counters, rates, cancelBatch, wake, datesChanged });
  }

  private createExecutionEvents(): ExecutionEvents {
    const { core, executor, inFlight, counters, guard, settings } = this;
    const onScheduled = ({ _id: id }: Task, date: Date, store: TaskStore) =>
      this.eventTimer.scheduled({ id, date }, store);
    const batch = settings.batch === 1 ? { batch: 1 } : {};
    return new ExecutionEvents({
      core,
      inFlight,
      counters,
      guard,
      executor,
      wake: this.wake,
      rates: this.rates,
      onLeft: task => this.left(task),
      onScheduled,
      ...batch,
    });
  }

  private createFetchLoop(): FetchLoop {
    const { core, executor, inFlight, overload, guard, settings, executionEvents } = this;
    // In-memory tasks come first, whatever their priority, as in meteor-cluster.
    const stores = settings.inMemoryOnly ? [core.memory] : [core.memory, core.store];
    return new FetchLoop({
      sources: stores.map(store => ({ store, claimer: this.createClaimer(store) })),
      executor,
      completer: executionEvents.completer,
      inFlight,
      overload,
      guard,
      clock: core.clock,
      emit: core.emit,
      batch: settings.batch,
      limit: settings.concurrency ?? Number.POSITIVE_INFINITY,
      claimableTypes: store => this.types.list(store),
      wholeLookDueInMs: () => (settings.inMemoryOnly ? undefined : core.store.headReader.wholeLookInMs),
      onBusy: () => this.wakeUps.rest(),
      onIdle: () => this.wakeUps.resume(),
      onStale: (earlier, claimed) => {
        executionEvents.lost([earlier]);
        this.rates.ended(claimed);
      },
    });
  }

  private createClaimer(store: TaskStore): Claimer {
    return new Claimer(store, {
      core: this.core,
      owner: this.owners.id,
      leaseMs: this.settings.leaseMs,
      rates: this.rates,
      countRunning: taskType => this.inFlight.countRunning(taskType),
      fitting: taskTypes => this.executor.fitting(taskTypes),
      takes: taskType => this.executor.takes?.(taskType) ?? true,
      onRateLimited: (taskType, until) => this.fetchLoop.closeUntil(taskType, until),
      lineUp: keys => this.waiting.lineUp(keys),
    });
  }

  private createHeartbeat(): Heartbeat {
    const { core, owners, inFlight, guard, settings, executionEvents } = this;
    return new Heartbeat({
      owners,
      store: core.store,
      clock: core.clock,
      inFlight,
      guard,
      leaseMs: settings.leaseMs,
      everyMs: settings.heartbeatMs,
      onLost: tasks => executionEvents.lost(tasks),
      alsoRenew: () => this.rates.renew(),
      alsoDo: async () => {
        core.memory.purge(core.clock.now());
        this.indexes.look();
        await this.eventTimer.lookAtOwners();
        this.failures.lookNowAndThen();
        await this.counters.flush();
        await core.statistics.flush();
      },
    });
  }

  private createWakeUps(): WakeUps {
    const { core, guard, eventTimer, types, inFlight, settings, fetchLoop, executionEvents, wake } = this;
    return new WakeUps({
      core,
      guard,
      eventTimer,
      waiting: this.waiting,
      types,
      inFlight,
      refreshRate: settings.refreshRate,
      inMemoryOnly: settings.inMemoryOnly === true,
      controlChanged: () => {
        fetchLoop.reopenTypes();
        void this.waiting.lookAgain();
      },
      wake,
      poll: () => fetchLoop.tick(),
      bulkWork: () => this.bulkWorker.look(),
      dropped: () => this.indexes.look(),
      cancel: id => executionEvents.cancel(id),
    });
  }
}
