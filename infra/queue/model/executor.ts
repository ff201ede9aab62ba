import type { Progress, Task, TaskError } from './task';

/** How a run of a task ended. The union is closed: every switch over it is exhaustive. */
export type Outcome =
  | { kind: 'done'; value: unknown }
  | { kind: 'failed'; error: TaskError; fatal: boolean }
  | { kind: 'cancelled' }
  | { kind: 'timedOut'; error: TaskError }
  | { kind: 'crashed'; error: TaskError };

/** What the executor says of one finished run. */
export interface Report {
  task: Task;
  outcome: Outcome;
  startedAt: Date;
  finishedAt: Date;
  workerPid?: number;
}

/** What the dispatcher gives an executor to call back. */
export interface ExecutorCallbacks {
  /** Called exactly once for each task given to `run`, unless it was handed back. */
  onReport(report: Report): void;
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
  /** Takes claimed tasks. Their leases are the dispatcher's business. */
  run(tasks: Task[]): void;
  /** Aborts the handler's signal, and after a grace ends the worker. The report follows. */
  cancel(taskId: string): void;
  /**
   * Stops taking tasks, waits up to `graceMs` for the running ones, aborts and kills what is left, ends all workers.
   * Resolves with the tasks that did not finish (never begun, or cut off): they are handed back untouched.
   */
  stop(graceMs: number): Promise<Task[]>;
}
