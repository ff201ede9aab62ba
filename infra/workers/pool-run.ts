import type { Task } from '../queue/task';
import type { AbortReason } from './protocol';
import type { WorkerProcess } from './worker-process';

/** One run of a task in the pool, from its arrival to its report. */
export interface PoolRun {
  /** The pool's number for it. */
  readonly run: number;
  readonly task: Task;
  /** The share of a worker that it takes. */
  readonly weight: number;
  readonly timeoutMs: number;
  /** How long it was expected to take when it was sent. */
  expectedMs: number;
  worker?: WorkerProcess;
  /** When its handler began, in milliseconds since 1970. */
  startedAt?: number;
  /** Why it was told to stop. */
  abort?: AbortReason;
  /** Ends it: first the time-out of its type, then the grace after an abort. */
  timer?: NodeJS.Timeout;
  /** How many workers have died with it before it began. */
  lost: number;
}
