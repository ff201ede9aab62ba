import type { Emit } from '../../monitor/events';
import type { LastLines } from '../../queue/model/attempt-log';
import type { Task } from '../../queue/model/task';
import { timerMs } from '../../timing/timer-ms';
import { type Attempt, now } from '../process/attempt';
import type { AbortReason, ToWorker } from '../protocol/messages';

/** An attempt in this very process. */
export interface Running {
  attempt: Attempt;
  task: Task;
  /** Answers go back to it. */
  worker: { send(answer: ToWorker): void };
  /** What its handler has logged. */
  log?: LastLines;
  abort?: AbortReason;
  /** The timer: first its time-out, then the checks of a handler that does not stop. */
  timer?: NodeJS.Timeout;
}

const stillRunsEveryMs = 60_000;

/**
 * Ends attempts in the role by their signal alone. It can't kill a handler without killing itself; it can only log as
 * long as the handler runs.
 */
export class SignalLimits {
  /** @param graceMs how long a handler may take to stop after its signal, before the log says that it still runs. */
  constructor(
    private readonly emit: Emit,
    private readonly graceMs: number,
  ) {}

  /** The handler has begun: from now on its time runs. */
  start(one: Running, timeoutMs: number): void {
    one.timer = setTimeout(() => this.timeOut(one, timeoutMs), timerMs(timeoutMs));
  }

  /** The first reason counts. */
  abort(one: Running, reason: AbortReason): void {
    if (one.abort) return;
    one.abort = reason;
    one.attempt.abort(reason);
    clearTimeout(one.timer);
    one.timer = setTimeout(() => this.stillRuns(one), this.graceMs);
  }

  /** Logs a last time that it still runs: it is not waited for any longer. */
  giveUp(one: Running): void {
    clearTimeout(one.timer);
    this.tell(one);
  }

  private timeOut(one: Running, timeoutMs: number): void {
    const { _id: taskId, taskType } = one.task;
    this.emit('worker.timeout', { taskType, taskId, timeoutMs });
    this.abort(one, 'timedOut');
  }

  private stillRuns(one: Running): void {
    this.tell(one);
    one.timer = setTimeout(() => this.stillRuns(one), stillRunsEveryMs).unref();
  }

  private tell({ task, attempt, abort: reason }: Running): void {
    const forMs = Math.round(now() - attempt.startedAt);
    this.emit('task.stillRuns', { taskType: task.taskType, taskId: task._id, reason, forMs });
  }
}
