import type { QueueCore } from '../api/queue-core';
import type { InFlightTasks } from '../claim/in-flight';
import type { Owners } from '../lease/owners';
import { Rescuer } from '../lease/rescuer';
import type { Task } from '../model/task';
import type { DatabaseGuard } from '../store/database-guard';
import type { RateLimits } from '../store/rate-limits';
import type { TaskCounters } from '../store/task-counters';
import type { TaskStore, Upcoming, WatchedDeadline } from '../store/task-store';
import { Ageing } from './ageing';
import { DeadlineWatch } from './deadlines';
import { type EventAction, NextEvents } from './next-events';

export interface EventTimerOptions {
  core: QueueCore;
  owners: Owners;
  inFlight: InFlightTasks;
  counters: TaskCounters;
  guard: DatabaseGuard;
  rates: Pick<RateLimits, 'ownersDied'>;
  /** A task is not queued and does not run any more, or waits for a slot now. */
  onLeft(task: Task): void;
  /** Something became executable. */
  wake(): void;
}

/** Everything that happens at a known time: tasks fall due, deadlines come near, leases end, owners are missed. */
export class EventTimer {
  private readonly events: NextEvents;
  private readonly deadlines = new Map<TaskStore, DeadlineWatch>();

  constructor(private readonly options: EventTimerOptions) {
    const { core, guard, owners, inFlight, counters, rates, onLeft, wake } = options;
    this.events = new NextEvents(core.clock, (kind, error) => guard.failed(kind, error));
    const rescuer = new Rescuer({ core, store: core.store, owners, inFlight, counters, rates, onLeft, wake });
    this.define('owners', () => rescuer.rescueFromDead());
    this.define('leases', () => rescuer.rescueExpired());
    for (const store of [core.store, core.memory]) this.defineFor(store);
  }

  /** Fills the cache: what is due is done, what comes next is remembered. */
  async start(inMemoryOnly: boolean): Promise<void> {
    const { store, memory } = this.options.core;
    await this.lookAt('due', memory);
    await this.lookAt('deadline', memory);
    await this.lookAt('ageing', memory);
    if (inMemoryOnly) return;
    await this.lookAtOwners();
    await this.lookAtLeases();
    await this.lookAt('due', store);
    await this.lookAt('deadline', store);
    await this.lookAt('ageing', store);
  }

  stop(): Promise<void> {
    return this.events.stop();
  }

  /** Newcomers: those that come before what is known displace it. */
  added(tasks: readonly Task[], store: TaskStore): void {
    for (const task of tasks) {
      if (task.state === 'scheduled') this.scheduled({ id: task._id, date: task.dueDate }, store);
      if (task.deadline) this.deadline(task, store);
    }
  }

  scheduled(upcoming: Upcoming, store: TaskStore): void {
    const { core } = this.options;
    if (store === core.store) core.store.dueFloor.scheduled(upcoming.date);
    this.events.offer(kindOf('due', store), upcoming);
  }

  deadline(task: WatchedDeadline, store: TaskStore): void {
    this.events.offer(kindOf('deadline', store), this.deadlines.get(store)?.upcoming(task));
  }

  lookAt(what: What, store: TaskStore): Promise<void> {
    return this.events.refill(kindOf(what, store));
  }

  /** Due dates or deadlines of tasks in the database may be others than the cache has. */
  async datesChanged(): Promise<void> {
    const { store } = this.options.core;
    store.dueFloor.datesChanged();
    await Promise.all([this.lookAt('due', store), this.lookAt('deadline', store)]);
  }

  /** Who has joined since the last look may die as well as who was there before. */
  lookAtOwners(): Promise<void> {
    return this.events.refill('owners');
  }

  lookAtLeases(): Promise<void> {
    return this.events.refill('leases');
  }

  /** What has failed is reported once, until it succeeds. */
  private define(kind: string, act: EventAction): void {
    this.events.define(kind, async () => {
      const next = await act();
      this.options.guard.succeeded(kind);
      return next;
    });
  }

  private defineFor(store: TaskStore): void {
    const { core, counters, onLeft, wake } = this.options;
    const promoter = new Promoter(core, store, onLeft, wake);
    const deadlines = new DeadlineWatch(core, store, counters, wake);
    this.define(kindOf('due', store), () => promoter.promote());
    this.define(kindOf('deadline', store), () => deadlines.watch());
    this.deadlines.set(store, deadlines);
    const ageing = new Ageing(core, store, wake);
    if (ageing.isNeeded) this.define(kindOf('ageing', store), () => ageing.look());
  }
}

type What = 'due' | 'deadline' | 'ageing';

function kindOf(what: What, store: TaskStore): string {
  return `${what} in ${store.constructor.name}`;
}

const batch = 1_000;
const pauseMs = 1_000;

/** Makes scheduled tasks queued when they fall due, so that a claim never walks over the future. */
class Promoter {
  constructor(
    private readonly core: QueueCore,
    private readonly store: TaskStore,
    private readonly onLeft: (task: Task) => void,
    private readonly wake: () => void,
  ) {}

  /** Promotes all that is due and returns what is due next. */
  async promote(): Promise<Upcoming | undefined> {
    for (;;) {
      // One question where nothing is due, which is nearly always.
      const next = await this.store.nextScheduled();
      if (!next || next.date > this.core.clock.now()) return next;
      const promoted = await this.store.promote(this.core.clock.now(), batch);
      for (const task of promoted) this.core.events.tell('due', task);
      for (const task of promoted) if (task.state === 'waiting') this.onLeft(task);
      if (promoted.length > 0) {
        this.core.emit('queue.promoted', { count: promoted.length });
        this.wake();
      }
      if (promoted.length === 0) return this.afterNothing();
    }
  }

  /** Another role was quicker, or a document cannot be promoted: it must not be tried without end. */
  private async afterNothing(): Promise<Upcoming | undefined> {
    const next = await this.store.nextScheduled();
    const soon = new Date(this.core.clock.now().getTime() + pauseMs);
    return next && { id: next.id, date: next.date > soon ? next.date : soon };
  }
}
