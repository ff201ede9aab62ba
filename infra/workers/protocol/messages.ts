import type { AttemptLog } from '../../queue/model/attempt-log';
import type { Task, TaskError } from '../../queue/model/task';

/** Goes up when a message changes, so that a role refuses a worker file of another build instead of misreading it. */
export const protocolVersion = 7;

/** Why a running task must stop. */
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
  /** How this role overrides the catalog. */
  types?: Record<string, { handler?: string; perWorker?: number }>;
}

/** `attempt` is the pool's number for an attempt: a task may come back to the same worker. */
type OfAttempt<M> = M & { attempt: number };

/** From the role to a worker. */
export type ToWorker =
  | { kind: 'begin'; protocol: number; settings: WorkerSettings }
  /** `quick`: tasks of this type take so little time that one write may report several of them. */
  | OfAttempt<{ kind: 'run'; task: Task; quick: boolean }>
  | OfAttempt<{ kind: 'abort'; reason: AbortReason }>
  | { kind: 'giveBack' }
  | { kind: 'answer'; ask: number; value: unknown }
  | { kind: 'refusal'; ask: number; error: TaskError };

/** How an attempt ended, as far as its worker can tell: a worker can't report its own crash. */
export type WorkerOutcome =
  | { kind: 'done'; value: unknown }
  | { kind: 'failed'; error: TaskError; fatal: boolean; retryMs?: number }
  | { kind: 'snoozed'; until: number | Date; why: string }
  | { kind: 'aborted'; reason: AbortReason; error?: TaskError };

/** What a handler asks of its role about batches. */
export const batchCalls = ['create', 'add', 'seal', 'read', 'failed'] as const;
export type BatchCall = (typeof batchCalls)[number];

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** From a worker to the role. Times are milliseconds since 1970 by the machine's clock. */
export type ToRole =
  | { kind: 'hello'; protocol: number; catalogHash: string; handlers: string[] }
  | OfAttempt<{ kind: 'started'; at: number }>
  | OfAttempt<{ kind: 'progress'; fraction: number; note?: string; at: number }>
  | OfAttempt<{ kind: 'log'; level: LogLevel; message: string; fields?: Record<string, unknown>; at: number }>
  | OfAttempt<{ kind: 'ask'; ask: number; status: number; data: unknown }>
  /** `traceparent`: the span that the handler adds them in. */
  | OfAttempt<{ kind: 'add'; ask: number; tasks: unknown[]; traceparent?: string }>
  | OfAttempt<{ kind: 'batch'; ask: number; call: BatchCall; args: unknown[]; traceparent?: string }>
  | OfAttempt<{ kind: 'rate'; ask: number; name: string; cost: number }>
  /** The handler goes on with what it was granted, or does not want it any more. */
  | OfAttempt<{ kind: 'rateEnd'; ask: number; begun: boolean }>
  /** `output`: what its handler has written to stdout and stderr; absent where that is nothing. */
  | OfAttempt<{
      kind: 'finished';
      outcome: WorkerOutcome;
      startedAt: number;
      finishedAt: number;
      output?: AttemptLog;
    }>
  /** These attempts have not begun and never will in this worker. */
  | { kind: 'givenBack'; attempts: number[] }
  /** A task has damaged this worker for good: it must get no more tasks. */
  | { kind: 'tainted'; why: string }
  /** An uncaught exception: the process ends right after this message. */
  | { kind: 'fatal'; error: TaskError };

/** Messages travel in arrays, in both directions: one write for all messages of a tick. */
export interface FromWorker {
  messages: ToRole[];
  /** The worker's resident memory in bytes, measured now and then. */
  rss?: number;
  /** What it has used of the processor since its start, in milliseconds; measured with it. */
  cpuMs?: number;
}
