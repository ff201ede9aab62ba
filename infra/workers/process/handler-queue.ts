import { AsyncLocalStorage } from 'node:async_hooks';
import type { AppCatalog, AppTaskType } from '../../catalog';
import type { NewTask, OfType } from '../../queue';

/** What a handler may do with the queue: what it adds is signed and recorded by its role, not by the worker. */
export interface HandlerQueue {
  /** As TaskQueue.addTask in a role. Without `session`: a transaction can't span two processes. */
  addTask<T extends AppTaskType>(task: OfType<T> & NewTask<AppCatalog, NoInfer<T>> & WithoutSession): Promise<string>;
  addTasks<T extends AppTaskType>(
    tasks: readonly (OfType<T> & NewTask<AppCatalog, NoInfer<T>> & WithoutSession)[],
  ): Promise<string[]>;
}

interface WithoutSession {
  session?: never;
}

/** The attempt whose handler the current code belongs to. */
export const currentAttempt = new AsyncLocalStorage<{ readonly queue: HandlerQueue }>();

/**
 * The queue as handlers see it, under the name that they know from meteor-cluster. Only within a running handler.
 *
 * @example await TaskQueue.addTask({ taskType: 'recurringTask', data: {}, dueDate });
 */
export const TaskQueue: HandlerQueue = {
  addTask: async task => current().addTask(task),
  addTasks: async tasks => current().addTasks(tasks),
};

function current(): HandlerQueue {
  const attempt = currentAttempt.getStore();
  if (attempt) return attempt.queue;
  throw new Error('TaskQueue of infra/workers/handler works within a running handler only; roles use infra/queue');
}
