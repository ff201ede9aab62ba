import type { Filter } from 'mongodb';
import { definitionOf, didYouMean, type TaskTypeIn } from '../../catalog';
import { show } from '../../errors/plain-error';
import type { UnparsedTask } from '../model/add-options';
import type { BulkWork } from '../model/bulk-work';
import { InvalidTaskError } from '../model/errors';
import { type QueueEventName, type QueueListener, queueEventNames } from '../model/events';
import type { NewTask, OfType } from '../model/new-task';
import type { Task } from '../model/task';
import { addAll, duplicateOf, idsOf } from './add-tasks';
import { addBatch, type BatchHandle, type NewBatch } from './batch';
import { startBulkWork } from './bulk-work';
import { type CancelledTasks, cancelTasks } from './cancel-tasks';
import { parseId, parseSelector } from './find-tasks';
import { tellDispatchers } from './queue-core';
import { QueueReader } from './queue-reader';
import { replayTask, retryTask } from './restart-tasks';
import { type TaskModifier, updateTasks } from './update-tasks';

/**
 * The queue of an app whose task types are the catalog C. Made without a database; a role connects it at start. What can
 * be asked of it is in `QueueReader`.
 */
export class TaskQueueOf<C extends object, R extends object = object> extends QueueReader<C, R> {
  private readonly single = new Map<QueueEventName, () => void>();

  /**
   * Adds a task and returns its id.
   *
   * @throws InvalidTaskError or PayloadError with all problems at once; DuplicateTaskError where a live task has its
   *   `_id` or `uniqueKey`, or the key that `unique` refuses; TaskNotConfirmedError where the database did not answer, with what to do then.
   */
  async addTask<T extends TaskTypeIn<C>>(task: OfType<T> & NewTask<C, NoInfer<T>>): Promise<string> {
    const [result] = await addAll(this.core, [task]);
    const refused = duplicateOf(result);
    if (refused) throw refused;
    return result?.id as string;
  }

  /**
   * Adds many tasks in one round trip and returns their ids in order. All are checked before any is written.
   *
   * @throws InvalidTaskError with the problems of all; DuplicateTasksError where some were refused (the others are in).
   */
  async addTasks<T extends TaskTypeIn<C>>(tasks: readonly (OfType<T> & NewTask<C, NoInfer<T>>)[]): Promise<string[]> {
    if (!Array.isArray(tasks)) throw new InvalidTaskError([`addTasks: ${show(tasks)} is not an array of tasks`]);
    const results = await addAll(this.core, tasks as readonly UnparsedTask[]);
    return idsOf(results);
  }

  /**
   * Adds tasks that belong together, and what comes after all of them.
   *
   * @returns a handle on the batch: its id, to add more, and to see how far it is.
   * @throws InvalidTaskError with the problems of all, and nothing is written then; DuplicateTasksError where members were
   *   refused: asked for again under its `_id`, it goes on.
   */
  addBatch<T extends TaskTypeIn<C>, Then extends TaskTypeIn<C> = T, OnFailure extends TaskTypeIn<C> = T>(
    batch: NewBatch<C, T, Then, OnFailure>,
  ): Promise<BatchHandle<C>> {
    return addBatch(this.core, batch);
  }

  /** Listens to what happens in this role; any number may. Returns how to stop. See QueueEventName for the events. */
  on(name: QueueEventName, listener: QueueListener): () => void {
    if (!queueEventNames.includes(name))
      throw new Error(`on: unknown event "${name}"${didYouMean(String(name), queueEventNames)}`);
    return this.core.events.on(name, listener);
  }

  /** meteor-cluster's way: one listener for `done` and one for `error`; a second one takes the first one's place. */
  addEventListener(name: 'done' | 'error', listener: QueueListener): void {
    this.removeEventListener(name);
    this.single.set(name, this.on(name, listener));
  }

  removeEventListener(name: 'done' | 'error'): void {
    this.single.get(name)?.();
    this.single.delete(name);
  }

  /**
   * Cancels a task. One that waits is cancelled at once; one that runs is asked to stop, in whatever role it runs.
   *
   * @returns which of the two, or undefined where there is no task of this id that has not finished.
   */
  async cancel(id: string): Promise<'cancelled' | 'requested' | undefined>;
  /**
   * Cancels all persistent tasks that match, or a batch with all that comes after it and all that its members would still
   * add. What waits for a cancelled task is cancelled by a jobs role, within seconds.
   *
   * @returns how many were cancelled at once, and how many run and have been asked to stop.
   */
  async cancel(which: Filter<Task> | { batch: string }): Promise<CancelledTasks>;
  async cancel(which: string | Filter<Task>): Promise<'cancelled' | 'requested' | undefined | CancelledTasks> {
    return cancelTasks(this.core, which);
  }

  /** Puts a failed, cancelled or rejected task back in the queue, attempts afresh. False: there is none such. */
  async retry(id: string): Promise<boolean> {
    return retryTask(this.core, parseId(id, 'retry'));
  }

  /**
   * Adds a done, failed or cancelled task anew, as a task of its own that names its origin. Returns the new id.
   *
   * @param mended with `data`: its payload, where the old one was what was wrong.
   * @throws PayloadError where that does not fit its type.
   */
  async replay(id: string, mended: { data?: unknown } = {}): Promise<string> {
    const { data } = mended;
    return replayTask(this.core, parseId(id, 'replay'), data === undefined ? {} : { data });
  }

  /**
   * Retries all failed, cancelled and rejected tasks that match, as work of its own: a jobs role carries it out, 500 at a
   * time, and another one goes on where that dies. Only what had ended when it started is retried.
   *
   * @returns the work, for its `_id`: `bulkWork` tells how far it is, `stopBulkWork` stops it.
   * @throws TypeError where it is no selector that says which tasks.
   */
  retryAll(selector: Filter<Task>): Promise<BulkWork> {
    return startBulkWork(this.core, 'retry', selector);
  }

  /** Replays all done, failed and cancelled tasks that match, in the same way; each once, under an id of its own. */
  replayAll(selector: Filter<Task>): Promise<BulkWork> {
    return startBulkWork(this.core, 'replay', selector);
  }

  /** Cancels all tasks that match, in the same way: for more than `cancel` should do in one write. */
  cancelAll(selector: Filter<Task>): Promise<BulkWork> {
    return startBulkWork(this.core, 'cancel', selector);
  }

  /** Removes all tasks that match and don't run, in the same way. */
  removeAll(selector: Filter<Task>): Promise<BulkWork> {
    return startBulkWork(this.core, 'remove', selector);
  }

  /** Stops it after the page that is being dealt with; what is done stays so. @returns whether it ran. */
  stopBulkWork(id: string): Promise<boolean> {
    return this.core.bulkWorks.requestStop(parseId(id, 'stopBulkWork'), this.core.clock.now());
  }

  /**
   * Pauses one task type, or all, in every role. What runs goes on.
   *
   * @throws where there is no such type, with the nearest one: in an emergency nobody may believe that it is paused.
   */
  async pause(...which: [taskType?: string]): Promise<void> {
    const taskType = which.length === 0 ? undefined : definitionOf(this.core.catalog, which[0]).taskType;
    await this.core.pauses.pause(taskType);
    tellDispatchers(this.core, dispatcher => dispatcher.pausesChanged());
  }

  /** Resumes one task type, or everything. @throws where there is no such type, and none is paused. */
  async resume(...which: [taskType?: string]): Promise<void> {
    const [taskType] = which;
    const { types } = await this.core.pauses.read();
    // A type that has left the catalog while it was paused is resumed all the same.
    if (which.length > 0 && !types.has(taskType as string)) definitionOf(this.core.catalog, taskType);
    await this.core.pauses.resume(taskType);
    tellDispatchers(this.core, dispatcher => dispatcher.pausesChanged());
  }

  /**
   * Waits until a named rate of the app has room for so much, over all roles: for calls outside of handlers, which have
   * `context.rate`.
   *
   * @throws TypeError where there is no such rate, or the cost is above its `max`; the reason of the signal, when it aborts.
   */
  async rate(name: string, cost = 1, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    (await this.rates.take(name, cost, signal)).begun();
  }

  /** Removes the persistent tasks that match; one that runs is not stopped, but its end changes nothing any more. */
  async remove(selector: string | Filter<Task>): Promise<number> {
    return this.core.store.remove(parseSelector(selector, 'remove'));
  }

  /**
   * Changes persistent tasks, for housekeeping (priority, dueDate, deadline). Returns how many.
   *
   * @throws where a value is wrong, or the change would touch what only an owner may change: state, claim, history.
   */
  async update(
    selector: string | Filter<Task>,
    modifier: TaskModifier,
    options: { multi?: boolean } = {},
  ): Promise<number> {
    const changed = await updateTasks(this.core, parseSelector(selector, 'update'), modifier, options);
    tellDispatchers(this.core, dispatcher => dispatcher.datesChanged());
    return changed;
  }
}
