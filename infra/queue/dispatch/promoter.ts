import { Priority } from '../../catalog';
import type { QueueCore } from '../queue-core';
import type { TaskStore, Upcoming } from '../store/task-store';
import type { Task } from '../task';
import type { TaskCounters } from '../task-counters';
import { rulesOf } from './settler';

const batch = 1_000;
const pauseMs = 1_000;

/** Makes scheduled tasks queued when they fall due, so that a claim never walks over the future. */
export class Promoter {
  constructor(
    private readonly core: QueueCore,
    private readonly store: TaskStore,
    private readonly onPromoted: () => void,
  ) {}

  /** Promotes all that is due and returns what is due next. */
  async promote(): Promise<Upcoming | undefined> {
    for (;;) {
      // One question where nothing is due, which is nearly always.
      const next = await this.store.nextScheduled();
      if (!next || next.date > this.core.clock.now()) return next;
      const promoted = await this.store.promote(this.core.clock.now(), batch);
      for (const task of promoted) this.core.events.tell('due', task);
      if (promoted.length > 0) {
        this.core.emit('queue.promoted', { count: promoted.length });
        this.onPromoted();
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

/** How often a deadline is looked at again at the latest: its type's usual duration may change. */
const lookAgainMs = 60_000;
/** How far ahead deadlines are looked at: no usual duration is taken for longer. */
const longestUsualMs = 24 * 3_600_000;

/** Bumps tasks whose deadline comes close to high, and records the deadlines that are missed. */
export class DeadlineWatch {
  constructor(
    private readonly core: QueueCore,
    private readonly store: TaskStore,
    private readonly counters: TaskCounters,
    private readonly onBumped: () => void,
  ) {}

  /** Deals with every deadline that is near or over and returns when the next one may be. */
  async watch(): Promise<Upcoming | undefined> {
    const next = await this.store.nextDeadline();
    const now = this.core.clock.now();
    if (!next) return undefined;
    const near = await this.store.nearDeadline(new Date(now.getTime() + longestUsualMs), batch);
    const due = near.filter(task => this.eventDate(task) <= now);
    for (const task of due) await this.act(task);
    // What was acted on has a next event of its own, or none.
    const waiting = near
      .filter(task => !due.includes(task))
      .map(task => ({ id: task._id, date: this.eventDate(task) }));
    const again = due.length > 0 ? { id: (due[0] as Task)._id, date: now } : earliest(waiting);
    return again ?? { id: next.id, date: new Date(now.getTime() + lookAgainMs) };
  }

  /** When a task that has just been added needs a look. */
  upcoming(task: Task): Upcoming | undefined {
    return task.deadlineWatch ? { id: task._id, date: this.eventDate(task) } : undefined;
  }

  private eventDate({ taskType, deadline, deadlineWatch }: Task): Date {
    if (!deadline || deadlineWatch === 'miss') return deadline ?? new Date(0);
    const { deadlineMargin } = rulesOf(this.core.catalog, taskType);
    const usual = Math.min(longestUsualMs, this.counters.usualMs(taskType));
    return new Date(deadline.getTime() - usual - deadlineMargin);
  }

  private async act(task: Task): Promise<void> {
    const missed = (task.deadline as Date) <= this.core.clock.now();
    const changed = missed ? await this.store.missDeadline(task._id) : await this.store.bump(task._id, Priority.high);
    if (!changed) return;
    const { _id: taskId, taskType, deadline } = task;
    this.core.emit(missed ? 'task.deadlineMissed' : 'task.bumped', { taskType, taskId, deadline });
    this.core.events.tell('deadline', task, missed ? 'missed' : 'near');
    this.onBumped();
  }
}

function earliest(upcoming: Upcoming[]): Upcoming | undefined {
  return upcoming.reduce<Upcoming | undefined>(
    (first, one) => (first && first.date <= one.date ? first : one),
    undefined,
  );
}
