import type { QueueCore } from '../api/queue-core';
import { OpenTypes } from '../claim/claimable-types';
import { Claimer } from '../claim/claimer';
import { HeldTasks } from '../claim/in-flight';
import { LoadGate } from '../claim/overload';
import { Timeline } from '../due/event-timer';
import { Heartbeat } from '../lease/heartbeat';
import { Owners } from '../lease/owners';
import type { Executor } from '../model/executor';
import type { Task } from '../model/task';
import { RunDesk } from '../settle/execution-events';
import { RateLimits } from '../store/control';
import { DatabaseReport, IndexKeeper } from '../store/database-guard';
import { TaskCounters } from '../store/task-counters';
import type { TaskStore } from '../store/task-store';
import { Lookout } from '../wake/wake-ups';
import { Pump } from './fetch-loop';
import type { ResolvedSettings } from './settings';

/** How often the machine's load is looked at, in ms. */
const loadEveryMs = 1_000;

/** What a dispatcher is made of, and who tells whom: its life is the dispatcher's business. */
export class DispatcherParts {
  readonly owners: Owners;
  readonly held = new HeldTasks();
  readonly report: DatabaseReport;
  readonly indexes: IndexKeeper;
  readonly counters: TaskCounters;
  readonly types: OpenTypes;
  readonly desk: RunDesk;
  readonly gate: LoadGate;
  readonly pump: Pump;
  readonly heartbeat: Heartbeat;
  readonly timeline: Timeline;
  readonly lookout: Lookout;
  private readonly wake = () => this.pump.wake();

  constructor(
    private readonly core: QueueCore,
    private readonly executor: Executor,
    private readonly settings: ResolvedSettings,
  ) {
    const { refreshRate, heartbeatMs, overload, measureLoad, taskTypes } = settings;
    this.owners = new Owners(core.db, heartbeatMs);
    this.report = new DatabaseReport(core.emit, () => this.indexes.look());
    this.indexes = new IndexKeeper(core.store, this.report);
    this.counters = new TaskCounters(core.db);
    this.types = new OpenTypes(core, this.report, taskTypes);
    this.gate = new LoadGate(overload, core.emit, this.wake, Math.min(refreshRate, loadEveryMs), measureLoad);
    this.desk = this.createDesk();
    this.pump = this.createPump();
    this.heartbeat = this.createHeartbeat();
    const { owners, held, counters, report } = this;
    this.timeline = new Timeline({ core, owners, held, counters, report, onWork: this.wake });
    this.lookout = this.createLookout();
  }

  private createDesk(): RunDesk {
    const { core, executor, held, counters, report, settings } = this;
    const onScheduled = ({ _id: id }: Task, date: Date, store: TaskStore) =>
      this.timeline.scheduled({ id, date }, store);
    const batch = settings.batch === 1 ? { batch: 1 } : {};
    return new RunDesk({
      core,
      held,
      counters,
      report,
      executor,
      onRoom: this.wake,
      onScheduled,
      ...batch,
    });
  }

  private createPump(): Pump {
    const { core, executor, held, gate, report, settings, desk } = this;
    // In-memory tasks come first, whatever their priority, as in meteor-cluster.
    const stores = settings.inMemoryOnly ? [core.memory] : [core.memory, core.store];
    return new Pump({
      sources: stores.map(store => ({ store, claimer: this.createClaimer(store) })),
      executor,
      settler: desk.settler,
      held,
      gate,
      report,
      clock: core.clock,
      emit: core.emit,
      batch: settings.batch,
      limit: settings.concurrency ?? Number.POSITIVE_INFINITY,
      openTypes: () => this.types.list(),
      onBusy: () => this.lookout.rest(),
      onIdle: () => this.lookout.resume(),
      onStale: task => desk.lost([task]),
    });
  }

  private createClaimer(store: TaskStore): Claimer {
    return new Claimer(store, {
      core: this.core,
      owner: this.owners.id,
      leaseMs: this.settings.leaseMs,
      rates: new RateLimits(this.core.db),
      countRunning: taskType => this.held.countRunning(taskType),
      fitting: taskTypes => this.executor.fitting(taskTypes),
      onRateLimited: (taskType, until) => this.pump.closeUntil(taskType, until),
    });
  }

  private createHeartbeat(): Heartbeat {
    const { core, owners, held, report, settings, desk } = this;
    return new Heartbeat({
      owners,
      store: core.store,
      clock: core.clock,
      held,
      report,
      leaseMs: settings.leaseMs,
      everyMs: settings.heartbeatMs,
      onLost: tasks => desk.lost(tasks),
      alsoDo: async () => {
        core.memory.purge(core.clock.now());
        this.indexes.look();
        await this.timeline.lookAtOwners();
        await this.counters.flush();
      },
    });
  }

  private createLookout(): Lookout {
    const { core, report, timeline, types, held, settings, pump, desk, wake } = this;
    return new Lookout({
      core,
      report,
      timeline,
      types,
      held,
      refreshRate: settings.refreshRate,
      inMemoryOnly: settings.inMemoryOnly === true,
      wake,
      poll: () => pump.tick(),
      dropped: () => this.indexes.look(),
      cancel: id => desk.cancel(id),
    });
  }
}
