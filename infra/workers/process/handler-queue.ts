import { AsyncLocalStorage } from 'node:async_hooks';
import type { AppCatalog, AppTaskType } from '../../catalog';
import type { Batch, NewBatch, NewTask, OfType } from '../../queue';
import { numberMembers } from '../../queue/model/batch';
import type { BatchCall } from '../protocol/messages';
import type { Questions } from './questions';

/** What a handler may do with the queue: its role signs and records the tasks that it adds, not the worker. */
export interface HandlerQueue {
  /** As TaskQueue.addTask in a role. Without `session`: a transaction can't span two processes. */
  addTask<T extends AppTaskType>(task: OfType<T> & NewTask<AppCatalog, NoInfer<T>> & WithoutSession): Promise<string>;
  addTasks<T extends AppTaskType>(
    tasks: readonly (OfType<T> & NewTask<AppCatalog, NoInfer<T>> & WithoutSession)[],
  ): Promise<string[]>;
  /** As TaskQueue.addBatch in a role. The batch is open until the task that makes it has ended. */
  addBatch<T extends AppTaskType, Then extends AppTaskType = T, OnFailure extends AppTaskType = T>(
    batch: NewBatch<AppCatalog, T, Then, OnFailure>,
  ): Promise<HandlerBatch>;
}

/** A batch as handlers see it. */
export interface HandlerBatch {
  readonly id: string;
  /** Adds members and returns their ids. @throws when the batch takes no more. */
  add<T extends AppTaskType>(
    tasks: readonly (OfType<T> & NewTask<AppCatalog, NoInfer<T>> & WithoutSession)[],
  ): Promise<string[]>;
  /** Seals the batch: from now on only its own members may add to it. */
  seal(): Promise<void>;
  /** The state of the batch; its counts are exact when it has ended. */
  read(): Promise<Batch | undefined>;
  /** The ids of members that have failed, or were rejected; at most `limit` (1,000). */
  failed(limit?: number): Promise<string[]>;
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
  addBatch: async batch => current().addBatch(batch),
};

/** The queue of one attempt, by way of its role. */
export function createHandlerQueue(questions: Questions, attempt: number): HandlerQueue {
  const add = (tasks: readonly unknown[]) => questions.add(attempt, tasks) as Promise<string[]>;
  return {
    addTask: async task => (await add([task]))[0]!,
    addTasks: add,
    addBatch: async batch => {
      const id = (await questions.batch(attempt, 'create', batch)) as string;
      return createHandlerBatch(questions, attempt, id, batch.tasks.length);
    },
  };
}

/**
 * A batch of one attempt, by way of its role.
 *
 * @param from the number of the next member, if this attempt has made the batch, so that the next attempt adds none
 *   twice.
 */
export function createHandlerBatch(questions: Questions, attempt: number, id: string, from?: number): HandlerBatch {
  const call = (name: BatchCall, ...args: unknown[]) => questions.batch(attempt, name, id, ...args);
  let next = from;
  return {
    id,
    add: tasks => {
      const members = next === undefined ? tasks : numberMembers<{ _id?: string }>(id, tasks, next);
      if (next !== undefined) next += tasks.length;
      return call('add', members) as Promise<string[]>;
    },
    seal: async () => void (await call('seal')),
    read: () => call('read') as Promise<Batch | undefined>,
    failed: limit => call('failed', ...(limit === undefined ? [] : [limit])) as Promise<string[]>,
  };
}

function current(): HandlerQueue {
  const attempt = currentAttempt.getStore();
  if (attempt) return attempt.queue;
  throw new Error('TaskQueue of infra/workers/handler works within a running handler only; roles use infra/queue');
}
