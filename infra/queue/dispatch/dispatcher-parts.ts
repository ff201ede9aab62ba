import type { Executor } from '../executor';
import type { QueueCore } from '../queue-core';
import type { TaskStore } from '../store/task-store';
import type { Task } from '../task';
import { TaskCounters } from '../task-counters';
import { Claimer } from './claimer';
import { DatabaseReport } from './database-report';
import type { ResolvedSettings } from './dispatcher-settings';
import { Heartbeat } from './heartbeat';
import { HeldTasks } from './held-tasks';
import { IndexKeeper } from './index-keeper';
import { LoadGate } from './load-gate';
import { Lookout } from './lookout';
import { OpenTypes } from './open-types';
import { Owners } from './owners';
import { Pump } from './pump';
import { RateLimits } from './rate-limits';
import { RunDesk } from './run-desk';
import { Timeline } from './timeline';

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
