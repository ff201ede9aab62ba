import { optionsOf, Priority } from '../../catalog';
import type { QueueCore } from '../api/queue-core';
import type { TaskCounters } from '../store/task-counters';
import type { TaskStore, Upcoming, WatchedDeadline } from '../store/task-store';

/** How many deadlines are looked at in one go. */
const batch = 1_000;
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
    private readonly wake: () => void,
  ) {}

  /** Deals with every deadline that is near or over and returns when the next one may be. */
  async watch(): Promise<Upcoming | undefined> {
    const next = await this.store.nextDeadline();
    const now = this.core.clock.now();
    if (!next) return undefined;
    const near = await this.store.nearDeadline(new Date(now.getTime() + longestUsualMs), batch);
    const due = near.filter(task => this.eventDate(task) <= now);
    for (const { _id, deadline } of due) await this.act(_id, (deadline as Date) <= now);
    // What was acted on has a next event of its own, or none.
    const waiting = near
      .filter(task => !due.includes(task))
      .map(task => ({ id: task._id, date: this.eventDate(task) }));
    const again = due.length > 0 ? { id: (due[0] as WatchedDeadline)._id, date: now } : earliest(waiting);
    return again ?? { id: next.id, date: new Date(now.getTime() + lookAgainMs) };
  }

  /** When a task that has just been added needs a look. */
  upcoming(task: WatchedDeadline): Upcoming | undefined {
    return task.deadlineWatch ? { id: task._id, date: this.eventDate(task) } : undefined;
  }

  private eventDate({ taskType, deadline, deadlineWatch }: WatchedDeadline): Date {
    if (!deadline || deadlineWatch === 'miss') return deadline ?? new Date(0);
    const { deadlineMargin } = optionsOf(this.core.catalog, taskType);
    const usual = Math.min(longestUsualMs, this.counters.usualMs(taskType));
    return new Date(deadline.getTime() - usual - deadlineMargin);
  }

  private async act(id: string, missed: boolean): Promise<void> {
    const task = await (missed ? this.store.missDeadline(id) : this.store.bump(id, Priority.high));
    if (!task) return;
    const { _id: taskId, taskType, deadline } = task;
    this.core.emit(missed ? 'task.deadlineMissed' : 'task.bumped', { taskType, taskId, deadline });
    this.core.events.tell('deadline', task, missed ? 'missed' : 'near');
    this.wake();
  }
}

function earliest(upcoming: Upcoming[]): Upcoming | undefined {
  return upcoming.reduce<Upcoming | undefined>(
    (first, one) => (first && first.date <= one.date ? first : one),
    undefined,
  );
}
