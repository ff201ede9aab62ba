import { timerMs } from '../../timing/timer-ms';
import type { AbortReason } from '../protocol/messages';
import type { Attempt } from './attempt-registry';
import type { ResolvedPoolOptions } from './pool-options';
import type { WorkerSet } from './worker-set';

/**
 * Ends attempts: by their signal first, and after the grace by killing their worker. The clock is on this side, because
 * a worker may be blocked.
 */
export class TimeLimits {
  constructor(
    private readonly options: Pick<ResolvedPoolOptions, 'abortGraceMs' | 'emit'>,
    private readonly workers: Pick<WorkerSet, 'kill'>,
  ) {}

  /** The handler has begun: from now on its time runs. */
  start(attempt: Attempt): void {
    if (attempt.abort) this.killUnlessStopped(attempt);
    else attempt.timer = setTimeout(() => this.timeOut(attempt), timerMs(attempt.timeoutMs));
  }

  /** Tells an attempt inside a worker to stop. The first reason counts. */
  abort(attempt: Attempt, reason: AbortReason): void {
    if (attempt.abort || !attempt.worker) return;
    attempt.abort = reason;
    attempt.worker.send({ kind: 'abort', attempt: attempt.id, reason });
    attempt.worker.flush();
    // One that has not begun is dropped by its worker; whatever runs before it must not be killed for it.
    if (attempt.startedAt !== undefined) this.killUnlessStopped(attempt);
  }

  private timeOut(attempt: Attempt): void {
    const { _id: taskId, taskType } = attempt.task;
    this.options.emit('worker.timeout', { taskType, taskId, timeoutMs: attempt.timeoutMs });
    this.abort(attempt, 'timedOut');
  }

  private killUnlessStopped(attempt: Attempt): void {
    clearTimeout(attempt.timer);
    const { abortGraceMs } = this.options;
    const why = `${attempt.task.taskType} ${attempt.task._id} did not stop within ${abortGraceMs} ms of its signal`;
    attempt.timer = setTimeout(() => attempt.worker && this.workers.kill(attempt.worker, why), abortGraceMs);
  }
}
