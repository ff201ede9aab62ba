import { timerMs } from '../../timing/timer-ms';
import type { AbortReason } from '../protocol/protocol';
import type { Crew } from './crew';
import type { ResolvedPoolOptions } from './pool-options';
import type { PoolRun } from './pool-run';

/**
 * Ends runs: by their signal first, and after the grace by killing their worker. The clock is on this side, because a
 * worker may be blocked.
 */
export class RunClock {
  constructor(
    private readonly options: Pick<ResolvedPoolOptions, 'abortGraceMs' | 'emit'>,
    private readonly crew: Pick<Crew, 'kill'>,
  ) {}

  /** The handler has begun: from now on its time runs. */
  start(run: PoolRun): void {
    if (run.abort) this.killUnlessStopped(run);
    else run.timer = setTimeout(() => this.timeOut(run), timerMs(run.timeoutMs));
  }

  /** Tells a run inside a worker to stop. The first reason counts. */
  abort(run: PoolRun, reason: AbortReason): void {
    if (run.abort || !run.worker) return;
    run.abort = reason;
    run.worker.send({ kind: 'abort', run: run.run, reason });
    run.worker.flush();
    // One that has not begun is dropped by its worker; whatever runs before it must not be killed for it.
    if (run.startedAt !== undefined) this.killUnlessStopped(run);
  }

  private timeOut(run: PoolRun): void {
    const { _id: taskId, taskType } = run.task;
    this.options.emit('worker.timeout', { taskType, taskId, timeoutMs: run.timeoutMs });
    this.abort(run, 'timedOut');
  }

  private killUnlessStopped(run: PoolRun): void {
    clearTimeout(run.timer);
    const { abortGraceMs } = this.options;
    const why = `${run.task.taskType} ${run.task._id} did not stop within ${abortGraceMs} ms of its signal`;
    run.timer = setTimeout(() => run.worker && this.crew.kill(run.worker, why), abortGraceMs);
  }
}
