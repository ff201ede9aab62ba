import type { AttemptLog } from './attempt-log';
import type { Progress, Task, TaskError } from './task';

/**
 * How an attempt at a task ended. The union is closed: every switch over it is exhaustive. No executor says the last two:
 * the rescuer says `rescued` of a task whose owner it found dead, and the check at the claim `rejected`.
 */
export type Outcome =
  | { kind: 'done'; value: unknown }
  /** `retryMs`: how long to wait for the next try, where the type's `retry` has said so. */
  | { kind: 'failed'; error: TaskError; fatal: boolean; retryMs?: number }
  /** The handler puts its task off, by so many milliseconds or until then. */
  | { kind: 'snoozed'; until: number | Date; why: string }
  | { kind: 'cancelled' }
  | { kind: 'timedOut'; error: TaskError }
  | { kind: 'crashed'; error: TaskError }
  /** It has not begun, and can't for long: somebody else may have it. No attempt is counted. */
  | { kind: 'handedBack' }
  | { kind: 'rescued'; error: TaskError }
  | { kind: 'rejected'; error: TaskError };

/** What the executor says of an attempt that has ended. */
export interface AttemptReport {
  task: Task;
  outcome: Outcome;
  /** When and where it ran. Absent where nothing ran: the task was rejected or cancelled at its claim. */
  ran?: { startedAt: Date; finishedAt: Date; workerPid?: number; log?: AttemptLog };
}

/** What the dispatcher gives an executor to call back. */
export interface ExecutorCallbacks {
  /** Called exactly once for each task given to `execute`, unless it still runs when `stop` resolves. */
  onReport(report: AttemptReport): void;
  onProgress(task: Task, progress: Progress): void;
  /** A task has really begun in a worker (it may have waited in the prefetch of the pool). */
  onStarted(task: Task, workerPid: number): void;
  /** There is room again, so there may be work for it. */
  wake(): void;
}

/** Runs claimed tasks. The pool of worker processes is one; tests and `drainQueue` use an in-process one. */
export interface Executor {
  start(events: ExecutorCallbacks): Promise<void>;
  /** How many more tasks it takes now at most, prefetch included; 0 while it is full, paused or stopping. */
  room(): number;
  /** How many of tasks of these types, in this order, it takes now: never more than it is soon through with. */
  fitting(taskTypes: readonly string[]): number;
  /** Whether tasks of this type are worth a claim now. Where it is left out, all are as long as there is room. */
  takes?(taskType: string): boolean;
  /** Takes claimed tasks. Their leases are the dispatcher's business. */
  execute(tasks: Task[]): void;
  /** Aborts the handler's signal, and after a grace ends the worker. The report follows. */
  cancel(taskId: string): void;
  /**
   * Stops taking tasks, waits up to `graceMs` for the running ones, aborts and kills what is left, ends all workers.
   * What has not begun is handed back at once, and what is cut off then; what is not, when this has resolved.
   *
   * @param cut ends that wait at once when it aborts.
   */
  stop(graceMs: number, cut?: AbortSignal): Promise<void>;
}
