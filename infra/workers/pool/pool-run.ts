import type { Task } from '../../queue/model/task';
import type { AbortReason, ToWorker } from '../protocol/protocol';

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
  worker?: WorkerOfRun;
  /** When its handler began, in milliseconds since 1970. */
  startedAt?: number;
  /** Why it was told to stop. */
  abort?: AbortReason;
  /** Ends it: first the time-out of its type, then the grace after an abort. */
  timer?: NodeJS.Timeout;
  /** How many workers have died with it before it began. */
  lost: number;
}

/** What the parts of the pool do, on behalf of a run, with the worker that has it. */
export interface WorkerOfRun {
  readonly pid: number;
  readonly runs: Map<number, PoolRun>;
  load: number;
  backlogMs: number;
  send(message: ToWorker): void;
  flush(): void;
  kill(because: string): void;
}
