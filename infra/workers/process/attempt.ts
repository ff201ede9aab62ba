import type { Db } from 'mongodb';
import type { FileStore } from '../../database';
import type { AttemptLog } from '../../queue/model/attempt-log';
import type { Task } from '../../queue/model/task';
import { type HandlerContext, type HandlerLog, Snooze } from '../handler';
import type { AbortReason, ToRole, WorkerSettings } from '../protocol/messages';
import { AttemptProgress, createLog } from './attempt-reports';
import { createHandlerBatch, createHandlerQueue, type HandlerQueue } from './handler-queue';
import { AttemptOutput, type OutputStream } from './output';
import { createToggleIPC, type Questions } from './questions';

/** What the attempts of a worker share. */
export interface AttemptDeps {
  readonly settings: WorkerSettings;
  readonly questions: Questions;
  readonly database: { readonly db: Db; readonly files: FileStore };
  /** Sends at once: the handler may block this event loop right after. */
  send(message: ToRole): void;
}

const abortMessages: Record<AbortReason, [name: string, message: string]> = {
  cancelled: ['AbortError', 'the task was cancelled'],
  timedOut: ['TimeoutError', 'the task ran longer than its type may'],
  stopping: ['AbortError', 'the jobs role is ending; the task will run again elsewhere'],
};

/** One attempt at a task in this worker: its signal, its progress and the context that its handler sees. */
export class Attempt {
  readonly context: HandlerContext;
  readonly startedAt = now();
  /** The first rejection that nobody handled; it fails the task. */
  unhandledRejection: { reason: unknown } | undefined;
  private controller: AbortController | undefined;
  /** Ends what its handler waits for: that is no look at the signal. */
  private waits: AbortController | undefined;
  private isWaiting = 0;
  private wasCutShort = false;
  private reason: AbortReason | undefined;
  private readonly progress: AttemptProgress;
  private written: AttemptOutput | undefined;

  constructor(
    readonly id: number,
    readonly task: Task,
    readonly weight: number,
    private readonly deps: AttemptDeps,
  ) {
    this.progress = new AttemptProgress(deps.settings.progressEveryMs, (fraction, note) =>
      deps.send({ kind: 'progress', attempt: id, fraction, note, at: Date.now() }),
    );
    this.context = this.createContext();
  }

  /** The handler's AbortSignal, created at its first use: most handlers never use it. */
  get signal(): AbortSignal {
    this.controller ??= this.createController();
    return this.controller.signal;
  }

  private createController(): AbortController {
    const controller = new AbortController();
    if (this.unhandledRejection) controller.abort(this.unhandledRejection.reason);
    if (this.reason) controller.abort(abortError(this.reason));
    return controller;
  }

  abort(reason: AbortReason): void {
    this.reason ??= reason;
    this.endWaits(abortError(reason));
    this.controller?.abort(abortError(reason));
  }

  /** The task has failed, whatever its handler still does: aborts the signal. */
  failWith(reason: unknown): void {
    this.unhandledRejection = { reason };
    this.endWaits(reason);
    this.controller?.abort(reason);
  }

  aborted(): { reason: AbortReason; noticed: boolean } | undefined {
    return this.reason && { reason: this.reason, noticed: this.controller !== undefined || this.wasCutShort };
  }

  /** Its handler has written to an output of this process. */
  hear(stream: OutputStream, text: string): void {
    this.written ??= new AttemptOutput(now);
    this.written.push(stream, text);
  }

  /** What its handler has written; undefined where that is nothing. */
  get output(): AttemptLog | undefined {
    return this.written?.log;
  }

  /** Called once when the handler has settled. */
  close(): void {
    this.progress.flush();
    this.deps.questions.dropAttempt(this.id);
  }

  /** Takes from a named rate, by way of the role. */
  private async rate(name: string, cost = 1): Promise<void> {
    this.waits ??= this.createController();
    this.isWaiting += 1;
    try {
      await this.deps.questions.rate(this.id, name, cost, this.waits.signal);
    } finally {
      this.isWaiting -= 1;
    }
  }

  private endWaits(reason: unknown): void {
    this.wasCutShort ||= this.isWaiting > 0;
    this.waits?.abort(reason);
  }

  /** Adds tasks by way of the role. */
  get queue(): HandlerQueue {
    return createHandlerQueue(this.deps.questions, this.id);
  }

  /** The batch that its task is a member of, or comes after. */
  private get batch(): HandlerContext['batch'] {
    const id = this.task.batch ?? this.task.afterBatch;
    return id === undefined ? undefined : createHandlerBatch(this.deps.questions, this.id, id);
  }

  private createContext(): HandlerContext {
    const { deps, id, task } = this;
    const toggleIPC = createToggleIPC(deps.questions, id);
    let log: HandlerLog | undefined;
    return Object.defineProperties(toggleIPC, {
      toggleIPC: { value: toggleIPC },
      snooze: {
        value: (until: number | Date, why?: string) => {
          throw new Snooze(until, why);
        },
      },
      progress: { value: (fraction: number, note?: string) => this.progress.report(fraction, note) },
      rate: { value: (name: string, cost?: number) => this.rate(name, cost) },
      ask: { value: deps.questions.ask.bind(deps.questions, id) },
      // A task that takes the place of a finished one of the same _id is another task: its date tells them apart.
      idempotencyKey: { get: () => `${task._id}@${new Date(task.createdAt).getTime()}` },
      queue: { get: () => this.queue },
      batch: { get: () => this.batch },
      signal: { get: () => this.signal },
      settings: { value: deps.settings.handlerSettings ?? {} },
      db: { get: () => deps.database.db },
      files: { get: () => deps.database.files },
      log: {
        get: () =>
          (log ??= createLog((level, message, fields) =>
            deps.send({ kind: 'log', attempt: id, level, message, fields, at: now() }),
          )),
      },
    }) as HandlerContext;
  }
}

function abortError(reason: AbortReason): Error {
  const [name, message] = abortMessages[reason];
  return Object.assign(new Error(message), { name });
}

/** Milliseconds since 1970, with fractions: even a task of a tenth of a millisecond has a duration. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
