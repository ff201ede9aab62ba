import type { Task } from '../model/task';
import type { DatabaseGuard } from '../store/database-guard';
import type { TaskCounters } from '../store/task-counters';
import { admit, admitSome } from './slots';
import { judgeSome, type Released, release, type SuccessorDeps } from './successors';

export interface WaitingTasksOptions {
  core: SuccessorDeps;
  guard: DatabaseGuard;
  counters: TaskCounters;
  /** Tasks may start that could not before. */
  wake(): void;
  /** Tasks have been scheduled. */
  datesChanged(): void;
}

/** One look of the sweep takes no more lines than this. */
const linesAtOnce = 200;

/**
 * Lets in, in a jobs role, what waits: for a slot, when a task of its limit ends; for other tasks, when they do. What is
 * heard together is done together. A sweep finds what a crash between two writes has left.
 */
export class WaitingTasks {
  private readonly freed = new Set<string>();
  private readonly ended = new Set<string>();
  private working: Promise<void> | undefined;
  /** Whether any task may wait for others: where none does, the end of a task asks no question. */
  private someWaitForOthers = true;
  private position = { line: '', task: '' };
  private stopped = false;

  constructor(private readonly options: WaitingTasksOptions) {}

  /** A task has left its slot. */
  slotFreed({ limitKey }: Pick<Task, 'limitKey'>): void {
    if (limitKey === undefined) return;
    this.freed.add(limitKey);
    this.workSoon();
  }

  /** A task is done, failed, cancelled or rejected. */
  hasEnded({ _id }: Pick<Task, '_id'>): void {
    if (!this.someWaitForOthers) return;
    this.ended.add(_id);
    this.workSoon();
  }

  /** Somebody has added a task that waits, or one waits for a slot now. */
  heardOf({ waitsFor, limitKey, after }: Pick<Task, 'waitsFor' | 'limitKey' | 'after'>): void {
    if (waitsFor === 'slot') this.slotFreed({ limitKey });
    if (waitsFor !== 'predecessors') return;
    this.someWaitForOthers = true;
    // They may have ended before this role knew that anybody waits for them.
    for (const id of after ?? []) this.ended.add(id);
    this.workSoon();
  }

  /** Looks at some of all that waits; called again and again, it comes to all. */
  async sweep(): Promise<void> {
    if (this.stopped) return;
    await this.options.guard.attempt('waiting tasks', async () => {
      const lines = await admitSome(this.options.core, this.position.line, linesAtOnce);
      const others = await judgeSome(this.options.core, this.position.task);
      if (this.position.task === '' && others.next === '') this.someWaitForOthers = others.stay > 0;
      this.position = { line: lines.next, task: others.next };
      this.tell(lines.admitted, others);
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.working;
  }

  private workSoon(): void {
    if (this.stopped) return;
    this.working ??= this.work().finally(() => {
      this.working = undefined;
      if (this.freed.size + this.ended.size > 0) this.workSoon();
    });
  }

  private async work(): Promise<void> {
    // What is told in one turn of the event loop is done together.
    await new Promise(resolve => setImmediate(resolve));
    const limitKeys = take(this.freed);
    const ids = take(this.ended);
    await this.options.guard.attempt('waiting tasks', async () => {
      const admitted = await admit(this.options.core, limitKeys);
      this.tell(admitted, await release(this.options.core, ids));
    });
  }

  private tell(admitted: number, { wentOn, scheduled, ended }: Released): void {
    const { counters, wake, datesChanged } = this.options;
    for (const { taskType, state } of ended) counters.add(taskType, state === 'failed' ? 'failed' : 'cancelled');
    if (scheduled) datesChanged();
    if (wentOn + admitted > 0) wake();
  }
}

function take(set: Set<string>): string[] {
  const all = [...set];
  set.clear();
  return all;
}
