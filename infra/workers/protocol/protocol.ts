import type { Task, TaskError } from '../../queue/model/task';

/** Counts up when a message changes: a worker file of another build is refused instead of misunderstood. */
export const protocolVersion = 2;

/** Why a running task is told to stop. */
export type AbortReason = 'cancelled' | 'timedOut' | 'stopping';

/** What a worker needs to know before its first task. It comes over the channel, so that no secret is in its environment. */
export interface WorkerSettings {
  databaseUrl?: string;
  appName: string;
  /** What handlers find as `context.settings`. */
  handlerSettings?: object;
  /** A result of more bytes than this is refused. */
  resultLimit: number;
  /** At most one report of progress of a task in so many milliseconds. */
  progressEveryMs: number;
  /** What this role's taskMap says of its types beyond the catalog. */
  types?: Record<string, { handler?: string; perWorker?: number }>;
}

/** One run of a task in a worker; `run` is the pool's number for it, because a task may come back to the same worker. */
type OfRun<M> = M & { run: number };

/** From the role to a worker. */
export type ToWorker =
  | { kind: 'begin'; protocol: number; settings: WorkerSettings }
  /** `quick`: tasks of its type are through in no time, so that what becomes of several may be said in one write. */
  | OfRun<{ kind: 'run'; task: Task; quick: boolean }>
  | OfRun<{ kind: 'abort'; reason: AbortReason }>
  | { kind: 'giveBack' }
  | { kind: 'answer'; ask: number; value: unknown }
  | { kind: 'refusal'; ask: number; error: TaskError };

/** How a run ended, as far as the worker itself can tell: it can't report its own crash. */
export type RunOutcome =
  | { kind: 'done'; value: unknown }
  | { kind: 'failed'; error: TaskError; fatal: boolean }
  | { kind: 'aborted'; reason: AbortReason; error?: TaskError };

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** From a worker to the role. Times are milliseconds since 1970 by the machine's clock. */
export type ToRole =
  | { kind: 'hello'; protocol: number; catalogHash: string; handlers: string[] }
  | OfRun<{ kind: 'started'; at: number }>
  | OfRun<{ kind: 'progress'; fraction: number; note?: string; at: number }>
  | OfRun<{ kind: 'log'; level: LogLevel; message: string; fields?: Record<string, unknown> }>
  | OfRun<{ kind: 'ask'; ask: number; status: number; data: unknown }>
  | OfRun<{ kind: 'add'; ask: number; tasks: unknown[] }>
  | OfRun<{ kind: 'finished'; outcome: RunOutcome; startedAt: number; finishedAt: number }>
  /** These runs have not begun and never will in this worker. */
  | { kind: 'givenBack'; runs: number[] }
  /** A task left something behind that can't be undone: give this worker nothing more. */
  | { kind: 'tainted'; why: string }
  /** An exception that nobody caught: the process ends right after this. */
  | { kind: 'dying'; error: TaskError };

/** Messages travel in arrays, in both directions: one write for all that a tick has to say. */
export interface FromWorker {
  messages: ToRole[];
  /** The worker's resident memory in bytes, measured now and then. */
  rss?: number;
}
