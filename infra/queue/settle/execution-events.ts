import { DatabaseClock } from '../../database';
import { traceOf } from '../../tracing/tracing';
import type { QueueCore } from '../api/queue-core';
import type { InFlightTasks } from '../claim/in-flight';
import type { RateGrants } from '../claim/rate-grants';
import type { AttemptReport, Executor, ExecutorCallbacks } from '../model/executor';
import type { Progress, Task } from '../model/task';
import type { DatabaseGuard } from '../store/database-guard';
import type { TaskCounters } from '../store/task-counters';
import type { Settlement, TaskStore } from '../store/task-store';
import { Completer } from './completer';
import { ProgressWriter } from './progress-writer';
import { SettleReport } from './settle-report';

export interface ExecutionEventsOptions {
  core: QueueCore;
  executor: Executor;
  inFlight: InFlightTasks;
  counters: TaskCounters;
  guard: DatabaseGuard;
  /** How many ends one write takes at most. */
  batch?: number;
  rates: Pick<RateGrants, 'begun' | 'ended'>;
  /** There is room, or a task that waits again: there may be work. */
  wake(): void;
  /** A task has ended, or waits for its next attempt outside of the queue: its slot is free. */
  onLeft(task: Task): void;
  /** A task waits for its next attempt. */
  onScheduled(task: Task, dueDate: Date, store: TaskStore): void;
}

type Ran = NonNullable<AttemptReport['ran']>;

/** Hears from the executor how tasks are doing, and sees to it that it is written and told. */
export class ExecutionEvents implements ExecutorCallbacks {
  readonly completer: Completer;
  private readonly settleReport: SettleReport;
  private readonly progress: ProgressWriter;

  constructor(private readonly options: ExecutionEventsOptions) {
    const { core, guard, counters, batch } = options;
    this.settleReport = new SettleReport(core);
    this.progress = new ProgressWriter(guard);
    this.completer = new Completer({
      core,
      guard,
      counters,
      onSettled: (settlement, store) => this.settled(settlement, store),
      onLost: tasks => this.lost(tasks),
      ...(batch !== undefined && { batch }),
    });
  }

  wake(): void {
    this.options.wake();
  }

  onStarted(task: Task, workerPid: number): void {
    const { core, rates } = this.options;
    const { _id: taskId, taskType, attempt } = task;
    rates.begun(task);
    const waitMs = this.countStart(task);
    core.emit('task.started', { taskType, taskId, attempt: attempt + 1, workerPid, waitMs, ...traceOf(task) });
    core.events.tell('started', task, workerPid);
  }

  /** @returns how long it has waited since it could run. */
  private countStart(task: Task): number {
    const { statistics, clock } = this.options.core;
    statistics.count(task.taskType, 'started');
    const waitMs = Math.max(0, clock.now().getTime() - readySince(task));
    statistics.observe(task.taskType, 'wait', waitMs);
    return waitMs;
  }

  onProgress(task: Task, progress: Progress): void {
    const inFlight = this.options.inFlight.get(task);
    if (!inFlight) return;
    this.progress.add(inFlight, progress);
    this.options.core.events.tell('progress', task, progress);
  }

  onReport({ task, outcome, ran }: AttemptReport): void {
    const { inFlight, rates, wake } = this.options;
    rates.ended(task);
    const known = inFlight.get(task);
    // Lost in the meantime: whoever has it now will report.
    if (!known) return;
    inFlight.ended(task);
    this.completer.add({ task: known.task, outcome, ...(ran && { ran: this.onDatabaseTime(ran) }) }, known.store);
    wake();
  }

  /** Somebody else has these tasks now: what runs of them here is void. After a lost database that may be all. */
  lost(tasks: readonly Task[]): void {
    const { inFlight, executor, core } = this.options;
    const known = tasks.filter(task => inFlight.get(task));
    for (const task of known) {
      this.options.rates.ended(task);
      inFlight.forget(task);
      executor.cancel(task._id);
      core.emit('task.lost', { taskType: task.taskType, taskId: task._id, ...traceOf(task) });
    }
    if (known.length > 0) core.emit('queue.lost', { count: known.length });
  }

  cancel(id: string): void {
    const inFlight = this.options.inFlight.find(id);
    if (!inFlight) return;
    inFlight.task.cancelRequested = true;
    this.options.executor.cancel(id);
  }

  /** Writes what has ended, for `forMs` at most. */
  async drain(forMs: number): Promise<void> {
    await this.progress.stop();
    await this.completer.drain(forMs);
  }

  /**
   * Gives back untouched whatever is still in this owner's name: what the executor could not finish, what has ended and
   * could not be written, what a claim has caught whose reply was lost.
   *
   * @returns whether the database has taken note of it.
   */
  async handBackAll(owner: string, inMemoryOnly: boolean): Promise<boolean> {
    const { core, inFlight, guard } = this.options;
    this.completer.abandon();
    await core.memory.handBackAll(owner);
    const left = inFlight.of(core.store).length;
    const count = inMemoryOnly ? 0 : await guard.attempt('hand back', () => core.store.handBackAll(owner));
    for (const { task } of inFlight.all()) inFlight.forget(task);
    if (count === undefined && left > 0) core.emit('queue.stillHeld', { count: left });
    if (count) core.emit('queue.handedBack', { count });
    return count !== undefined;
  }

  /** Executors tell this machine's time. */
  private onDatabaseTime(ran: Ran): Ran {
    const { clock } = this.options.core;
    const offsetMs = clock instanceof DatabaseClock ? clock.offsetMs : 0;
    if (offsetMs === 0) return ran;
    const moved = (date: Date) => new Date(date.getTime() + offsetMs);
    const log = ran.log && { ...ran.log, lines: ran.log.lines.map(line => ({ ...line, at: line.at + offsetMs })) };
    return { ...ran, startedAt: moved(ran.startedAt), finishedAt: moved(ran.finishedAt), ...(log && { log }) };
  }

  private settled(settlement: Settlement<Task>, store: TaskStore): void {
    const { task, transition } = settlement;
    this.options.inFlight.forget(task);
    this.settleReport.tell(settlement);
    const isPersistent = store !== this.options.core.memory;
    if (isPersistent && transition.state !== 'queued') this.options.onLeft({ ...task, state: transition.state });
    if (transition.state === 'scheduled') this.options.onScheduled(task, transition.dueDate ?? task.dueDate, store);
    if (transition.state === 'queued') this.options.wake();
  }
}

/** Since when it could have run: its due date, or the end of the attempt before where that came later. */
function readySince({ createdAt, dueDate, attempts }: Task): number {
  return Math.max(Number(createdAt), Number(dueDate), Number(attempts.at(-1)?.finishedAt ?? 0));
}
