import type { Db } from 'mongodb';
import type { FileStore } from '../../database';
import type { Task } from '../../queue/model/task';
import type { HandlerContext, HandlerLog } from '../handler';
import type { HandlerQueue } from '../handler-queue';
import { createToggleIPC, type Questions } from '../ipc';
import type { AbortReason, ToRole, WorkerSettings } from '../protocol/protocol';
import { now } from './now';
import { createTaskLog } from './task-log';
import { TaskProgress } from './task-progress';

/** What the runs of a worker share. */
export interface RunSurroundings {
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

/** One run of a task in this worker: its signal, its progress and the context that its handler sees. */
export class TaskRun {
  readonly context: HandlerContext;
  readonly startedAt = now();
  /** The first rejection that nobody handled; it fails the task. */
  stray: { reason: unknown } | undefined;
  private controller: AbortController | undefined;
  private reason: AbortReason | undefined;
  private readonly progress: TaskProgress;

  constructor(
    readonly run: number,
    readonly task: Task,
    readonly weight: number,
    private readonly around: RunSurroundings,
  ) {
    this.progress = new TaskProgress(around.settings.progressEveryMs, (fraction, note) =>
      around.send({ kind: 'progress', run, fraction, note, at: Date.now() }),
    );
    this.context = this.createContext();
  }

  /** The handler's AbortSignal, made when it first looks: most tasks never do. */
  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.stray) this.controller.abort(this.stray.reason);
      if (this.reason) this.controller.abort(abortError(this.reason));
    }
    return this.controller.signal;
  }

  abort(reason: AbortReason): void {
    this.reason ??= reason;
    this.controller?.abort(abortError(reason));
  }

  /** The task has failed, whatever its handler still does: tells it to stop. */
  goAstray(reason: unknown): void {
    this.stray = { reason };
    this.controller?.abort(reason);
  }

  aborted(): { reason: AbortReason; noticed: boolean } | undefined {
    return this.reason && { reason: this.reason, noticed: this.controller !== undefined };
  }

  /** Called once when the handler has settled. */
  close(): void {
    this.progress.flush();
    this.around.questions.dropRun(this.run);
  }

  /** Adds tasks by way of the role. */
  get queue(): HandlerQueue {
    const add = (tasks: readonly unknown[]) => this.around.questions.add(this.run, tasks) as Promise<string[]>;
    return { addTask: async task => (await add([task]))[0]!, addTasks: add };
  }

  private createContext(): HandlerContext {
    const { around, run, task } = this;
    const toggleIPC = createToggleIPC(around.questions, run);
    let log: HandlerLog | undefined;
    return Object.defineProperties(toggleIPC, {
      toggleIPC: { value: toggleIPC },
      progress: { value: (fraction: number, note?: string) => this.progress.report(fraction, note) },
      ask: { value: around.questions.ask.bind(around.questions, run) },
      // A task that takes the place of a finished one of the same _id is another task: its date tells them apart.
      idempotencyKey: { get: () => `${task._id}@${new Date(task.createdAt).getTime()}` },
      queue: { get: () => this.queue },
      signal: { get: () => this.signal },
      settings: { value: around.settings.handlerSettings ?? {} },
      db: { get: () => around.database.db },
      files: { get: () => around.database.files },
      log: {
        get: () =>
          (log ??= createTaskLog((level, message, fields) =>
            around.send({ kind: 'log', run, level, message, fields }),
          )),
      },
    }) as HandlerContext;
  }
}

function abortError(reason: AbortReason): Error {
  const [name, message] = abortMessages[reason];
  return Object.assign(new Error(message), { name });
}
