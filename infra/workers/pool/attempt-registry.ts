import type { Task } from '../../queue/model/task';
import { timerMs } from '../../timing/timer-ms';
import type { AbortReason, ToWorker } from '../protocol/messages';
import type { ResolvedPoolOptions } from './pool-options';
import type { WorkerSet } from './worker-set';

/** One attempt at a task in the pool, from its arrival to its report. */
export interface Attempt {
  /** The pool's number for it. */
  readonly id: number;
  readonly task: Task;
  /** The share of a worker that it takes. */
  readonly weight: number;
  readonly timeoutMs: number;
  /** How long it was expected to take when it was sent. */
  expectedMs: number;
  worker?: AttemptWorker;
  /** When its handler began, in milliseconds since 1970. */
  startedAt?: number;
  /** Why it was told to stop. */
  abort?: AbortReason;
  /** Ends it: first the time-out of its type, then the grace after an abort. */
  timer?: NodeJS.Timeout;
  /** How many workers have died with it before it began. */
  lost: number;
}

/** What the parts of the pool do, on behalf of an attempt, with the worker that has it. */
export interface AttemptWorker {
  readonly pid: number;
  readonly attempts: Map<number, Attempt>;
  load: number;
  backlogMs: number;
  send(message: ToWorker): void;
  flush(): void;
  kill(because: string): void;
}

/** All attempts that the pool has taken and not yet reported, and what it hands back at its end. */
export class AttemptRegistry {
  readonly handedBack: Task[] = [];
  private readonly attempts = new Map<number, Attempt>();
  private lastId = 0;
  private onEmpty: (() => void) | undefined;

  open(task: Task, weight: number, timeoutMs: number): Attempt {
    this.lastId += 1;
    const attempt: Attempt = { id: this.lastId, task, weight, timeoutMs, expectedMs: 0, lost: 0 };
    this.attempts.set(attempt.id, attempt);
    return attempt;
  }

  get(id: number): Attempt | undefined {
    return this.attempts.get(id);
  }

  has({ id }: Attempt): boolean {
    return this.attempts.has(id);
  }

  ofTask(taskId: string): Attempt[] {
    return this.all().filter(({ task }) => task._id === taskId);
  }

  all(): Attempt[] {
    return [...this.attempts.values()];
  }

  handBack(attempt: Attempt): void {
    this.handedBack.push(attempt.task);
    this.close(attempt);
  }

  close({ id }: Attempt): void {
    this.attempts.delete(id);
    if (this.attempts.size === 0) this.onEmpty?.();
  }

  /** Resolves when nothing runs any more, or after `ms`. */
  async untilEmpty(ms: number): Promise<void> {
    if (this.attempts.size === 0) return;
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, timerMs(ms));
      this.onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.onEmpty = undefined;
  }
}

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
