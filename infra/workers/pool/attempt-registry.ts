import type { AttemptLog, LastLines } from '../../queue/model/attempt-log';
import type { Task } from '../../queue/model/task';
import { timerMs } from '../../timing/timer-ms';
import type { AbortReason, ToWorker } from '../protocol/messages';
import type { ResolvedPoolOptions } from './pool-options';
import { untilCalled } from './waiting-at-the-end';

/** One attempt at a task in the pool, from its arrival to its report. */
export interface Attempt {
  /** The pool's number for it. */
  readonly id: number;
  readonly task: Task;
  /** The share of a worker that it needs. */
  readonly weight: number;
  readonly timeoutMs: number;
  /** Its expected duration when it was sent. */
  expectedMs: number;
  worker?: AttemptWorker;
  /** When its worker got it. */
  givenAt: number;
  /** Its worker may tell of its start together with its end. */
  quick: boolean;
  /** When its handler began, in milliseconds since 1970. */
  startedAt?: number;
  /** Why it must stop. */
  abort?: AbortReason;
  /** The timer that ends it: first the time-out of its type, then the grace after an abort. */
  timer?: NodeJS.Timeout;
  /** How many workers have died with it before it began. */
  lost: number;
  /** What its handler has logged. */
  log?: LastLines;
  /** What its worker has written while nothing else ran in it: all that there is of one that dies. */
  pipe?: LastLines;
  /** What its handler has written to the outputs of its worker, as that one tells at the end. */
  output?: AttemptLog;
}

/** What the pool needs of the worker that has an attempt. */
export interface AttemptWorker {
  readonly pid: number;
  readonly attempts: Map<number, Attempt>;
  load: number;
  backlogMs: number;
  send(message: ToWorker): void;
  flush(): void;
  kill(because: string): void;
}

/** All attempts that the pool has taken and not yet reported. */
export class AttemptRegistry {
  private readonly attempts = new Map<number, Attempt>();
  private lastId = 0;
  private onEmpty: (() => void) | undefined;

  open(task: Task, weight: number, timeoutMs: number): Attempt {
    this.lastId += 1;
    const attempt: Attempt = {
      id: this.lastId,
      task,
      weight,
      timeoutMs,
      expectedMs: 0,
      givenAt: 0,
      quick: false,
      lost: 0,
    };
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

  close({ id }: Attempt): void {
    this.attempts.delete(id);
    if (this.attempts.size === 0) this.onEmpty?.();
  }

  /** Resolves when nothing runs any more, after `ms`, or when `cut` aborts. */
  async untilEmpty(ms: number, cut?: AbortSignal): Promise<void> {
    if (this.attempts.size === 0) return;
    await untilCalled(ms, cut, done => {
      this.onEmpty = done;
    });
    this.onEmpty = undefined;
  }
}

/**
 * Ends attempts: aborts their signal first, and kills their worker after the grace. The timers run in the role, because
 * a worker may be blocked.
 */
export class TimeLimits {
  constructor(
    private readonly options: Pick<ResolvedPoolOptions, 'abortGraceMs' | 'emit' | 'inspectFrom'>,
    private readonly workers: { kill(worker: AttemptWorker, because: string): void },
  ) {}

  /** The handler has begun: from now on its time runs. */
  start(attempt: Attempt): void {
    if (attempt.abort) this.killUnlessStopped(attempt);
    else if (!this.mayStandStill) attempt.timer = setTimeout(() => this.timeOut(attempt), timerMs(attempt.timeoutMs));
  }

  /** Aborts an attempt inside a worker. The first reason counts. */
  abort(attempt: Attempt, reason: AbortReason): void {
    if (attempt.abort || !attempt.worker) return;
    attempt.abort = reason;
    attempt.worker.send({ kind: 'abort', attempt: attempt.id, reason });
    attempt.worker.flush();
    // The worker drops an attempt that has not begun; the ones that run before it must not be killed for it.
    if (attempt.startedAt !== undefined) this.killUnlessStopped(attempt);
  }

  /** At a breakpoint. */
  private get mayStandStill(): boolean {
    return this.options.inspectFrom !== undefined;
  }

  private timeOut(attempt: Attempt): void {
    const { _id: taskId, taskType } = attempt.task;
    this.options.emit('worker.timeout', { taskType, taskId, timeoutMs: attempt.timeoutMs });
    this.abort(attempt, 'timedOut');
  }

  private killUnlessStopped(attempt: Attempt): void {
    clearTimeout(attempt.timer);
    if (this.mayStandStill) return; // it hears its signal when it goes on
    const { abortGraceMs } = this.options;
    const why = `${attempt.task.taskType} ${attempt.task._id} did not stop within ${abortGraceMs} ms of its signal`;
    attempt.timer = setTimeout(() => attempt.worker && this.workers.kill(attempt.worker, why), abortGraceMs);
  }
}
