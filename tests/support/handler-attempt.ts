import { randomUUID } from 'node:crypto';
import type { Db } from 'mongodb';
import { catalog, type DataOf, type TaskType } from '../../imports/tasks/catalog';
import { handlers } from '../../imports/tasks/handlers';
import { Priority } from '../../infra/catalog';
import { FileStore } from '../../infra/database';
import type { Task } from '../../infra/queue/model/task';
import { Attempt } from '../../infra/workers/process/attempt';
import { Questions } from '../../infra/workers/process/questions';
import { runTask } from '../../infra/workers/process/run-task';
import type { ToRole } from '../../infra/workers/protocol/messages';

const settings = { appName: 'tandem-test', resultLimit: 1_048_576, progressEveryMs: 0 };

/** A task as a worker gets it. */
export function taskOf<T extends TaskType>(taskType: T, data: DataOf<T>, more: Partial<Task> = {}): Task {
  const now = new Date();
  return {
    _id: randomUUID(),
    taskType,
    data,
    state: 'running',
    priority: Priority.medium,
    basePriority: Priority.medium,
    place: 1,
    createdAt: now,
    dueDate: now,
    attempt: 1,
    attempts: [],
    sender: { appId: 'test', version: '1', rootUrl: 'http://localhost/' },
    catalogVersion: 1,
    ...more,
  };
}

/** One attempt at a task by its real handler on a real database, as in a worker, but in this process. */
export class HandlerAttempt {
  readonly sent: ToRole[] = [];
  private readonly attempt: Attempt;

  constructor(
    db: Db,
    readonly task: Task,
  ) {
    const send = (message: ToRole) => void this.sent.push(message);
    const questions = new Questions(() => {});
    this.attempt = new Attempt(1, task, 1, { settings, questions, database: { db, files: new FileStore(db) }, send });
  }

  /** Runs it to its end. Never throws: whatever happens is an outcome. */
  async outcome() {
    const outcome = await runTask(this.task, {
      catalog,
      handlers,
      resultLimit: settings.resultLimit,
      context: this.attempt.context,
      aborted: () => this.attempt.aborted(),
    });
    this.attempt.close();
    return outcome;
  }

  cancel(): void {
    this.attempt.abort('cancelled');
  }

  get progress(): number[] {
    return this.sent.flatMap(message => (message.kind === 'progress' ? [message.fraction] : []));
  }
}
