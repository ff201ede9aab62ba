import type { Db, Filter } from 'mongodb';
import { type AnyCatalog, definitionOf, didYouMean, type TaskTypeIn } from '../../catalog';
import { type Clock, DatabaseClock, withoutCallTimeout } from '../../database';
import { show } from '../../errors/plain-error';
import type { Emit } from '../../monitor/events';
import type { UnparsedTask } from '../model/add-options';
import { DuplicateTaskError, DuplicateTasksError, InvalidTaskError } from '../model/errors';
import { type QueueEventName, QueueEvents, type QueueListener, queueEventNames } from '../model/events';
import type { NewTask, OfType } from '../model/new-task';
import { Signer } from '../model/signature';
import type { Sender, Task } from '../model/task';
import { Batches } from '../store/batches';
import { Pauses } from '../store/control';
import { MemoryStore } from '../store/memory-store';
import { MongoStore } from '../store/mongo-store';
import { addAll } from './add-tasks';
import { addBatch, BatchHandle, type NewBatch } from './batch';
import { type CancelledTasks, cancelTasks } from './cancel-tasks';
import { countQueue, type QueueCounts } from './counts';
import { type Explanation, explain } from './explain';
import {
  InMemoryTasks,
  parseFindOptions,
  parseId,
  parseSelector,
  TaskCursor,
  type TaskFindOptions,
} from './find-tasks';
import type { QueueCore } from './queue-core';
import { replayTask, retryTask } from './restart-tasks';
import { type ResultOptions, Results } from './results';
import { type TaskModifier, updateTasks } from './update-tasks';

export interface QueueConnection {
  /** The app's database, by the npm driver. */
  db: Db;
  /** Recorded with each task, so that a handler builds URLs of the app that asked. */
  sender: Sender;
  /** Signs tasks and verifies them: the first signs, all verify. None: nothing is signed. */
  signingKeys?: readonly string[];
  emit?: Emit;
  /** Default: the database's clock. Tests set their own. */
  clock?: Clock;
  /** Default: `taskQueue`, as meteor-cluster's. */
  collection?: string;
  /** The task types that no living jobs role takes, where somebody knows: for `explain`. */
  untakenTypes?: () => Promise<string[]>;
}

/**
 * The queue of an app whose task types are the catalog C. Made without a database; a role connects it at start.
 */
export class TaskQueueOf<C extends object, R extends object = object> {
  /** Tasks in the memory of this jobs role. */
  readonly inMemory = new InMemoryTasks(() => this.core);
  private readonly results = new Results(() => this.core);
  private connected: QueueCore | undefined;
  private readonly single = new Map<QueueEventName, () => void>();

  /** Resolves when the queue is connected for the first time. */
  readonly whenConnected: Promise<void>;
  private tellConnected: () => void = () => {};

  private declared: C | undefined;
  /** What handlers find as `context.settings`; it travels to the workers. */
  handlerSettings: object = {};

  /** @param catalog the task types; a queue that is made without them gets them by `declare`. */
  constructor(catalog?: C) {
    this.declared = catalog;
    this.whenConnected = new Promise(resolve => {
      this.tellConnected = resolve;
    });
  }

  /** The task types. @throws before they are declared. */
  get catalog(): C {
    if (this.declared) return this.declared;
    throw new Error('TaskQueue has no catalog yet: startRole(app) declares it');
  }

  /**
   * Says which task types there are, and which of the app's settings their handlers find. A role does so before
   * anything else.
   */
  declare(catalog: C, handlerSettings: object = {}): void {
    this.declared = catalog;
    this.handlerSettings = handlerSettings;
  }

  /** What the queue is made of, for the dispatcher of this role. @throws before `connect`. */
  get core(): QueueCore {
    if (this.connected) return this.connected;
    throw new Error(
      'TaskQueue is not connected yet: call it after the role has started (in Meteor.startup or later), not on import',
    );
  }

  /** Connects the queue to its database and sees to its indexes. A second call replaces the first. */
  async connect(connection: QueueConnection): Promise<void> {
    const { db, sender, signingKeys, emit = () => {}, clock, collection, untakenTypes } = connection;
    const store = new MongoStore(db, collection);
    const databaseClock = clock ?? new DatabaseClock(db);
    if (databaseClock instanceof DatabaseClock) await databaseClock.measure();
    await store.ensureIndexes();
    await store.dropRetiredIndexes();
    this.connected = {
      db,
      catalog: this.catalog as AnyCatalog,
      store,
      memory: new MemoryStore(),
      clock: databaseClock,
      signer: new Signer(signingKeys),
      sender,
      pauses: new Pauses(db),
      batches: new Batches(db),
      batchCreators: new Set(),
      events: this.connected?.events ?? new QueueEvents(emit),
      emit,
      dispatchers: new Set(),
      ...(untakenTypes && { untakenTypes }),
    };
    this.tellConnected();
  }

  /**
   * Adds a task and returns its id.
   *
   * @throws InvalidTaskError or PayloadError with all problems at once; DuplicateTaskError where a live task has its
   *   `_id` or `uniqueKey`; TaskNotConfirmedError where the database did not answer, with what to do then.
   */
  async addTask<T extends TaskTypeIn<C>>(task: OfType<T> & NewTask<C, NoInfer<T>>): Promise<string> {
    const [result] = await addAll(this.core, [task]);
    if (result?.kind !== 'duplicate') return result?.id as string;
    throw new DuplicateTaskError(result.id, result.field, result.value, result.existingId);
  }

  /**
   * Adds many tasks in one round trip and returns their ids in order. All are checked before any is written.
   *
   * @throws InvalidTaskError with the problems of all; DuplicateTasksError where some were refused (the others are in).
   */
  async addTasks<T extends TaskTypeIn<C>>(tasks: readonly (OfType<T> & NewTask<C, NoInfer<T>>)[]): Promise<string[]> {
    if (!Array.isArray(tasks)) throw new InvalidTaskError([`addTasks: ${show(tasks)} is not an array of tasks`]);
    const results = await addAll(this.core, tasks as readonly UnparsedTask[]);
    const duplicates = results.flatMap(one =>
      one.kind === 'duplicate' ? [new DuplicateTaskError(one.id, one.field, one.value, one.existingId)] : [],
    );
    const ids = results.map(({ id }) => id);
    if (duplicates.length === 0) return ids;
    throw new DuplicateTasksError(
      duplicates,
      ids.filter((_, index) => results[index]?.kind !== 'duplicate'),
    );
  }

  /**
   * Adds tasks that belong together, and what comes after all of them.
   *
   * @returns a handle on the batch: its id, to add more, and to see how far it is.
   * @throws InvalidTaskError with the problems of all; nothing is written then.
   */
  addBatch<T extends TaskTypeIn<C>, Then extends TaskTypeIn<C> = T, OnFailure extends TaskTypeIn<C> = T>(
    batch: NewBatch<C, T, Then, OnFailure>,
  ): Promise<BatchHandle<C>> {
    return addBatch(this.core, batch);
  }

  /** A batch that is there: to add more to it, and to see how far it is. */
  batch(id: string): BatchHandle<C> {
    return new BatchHandle(parseId(id, 'batch'), () => this.core);
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

  /**
   * Waits for the end of a task, in whatever role it runs, and resolves with its result. `result<'buildReport'>(id)` has
   * the type of what that handler returns.
   *
   * @throws TaskNotDoneError where it has failed, was cancelled or rejected; a TimeoutError after `timeoutMs` (30 s); an
   *   Error where there is no such task, or no longer.
   */
  result<T extends TaskTypeIn<C> = TaskTypeIn<C>>(
    id: string,
    options?: ResultOptions,
  ): Promise<T extends keyof R ? R[T] : unknown> {
    return this.results.wait(id, options) as Promise<T extends keyof R ? R[T] : unknown>;
  }

  /** Puts a failed, cancelled or rejected task back in the queue, attempts afresh. False: there is none such. */
  async retry(id: string): Promise<boolean> {
    return retryTask(this.core, parseId(id, 'retry'));
  }

  /** Adds a done, failed or cancelled task anew, as a task of its own that names its origin. Returns the new id. */
  async replay(id: string): Promise<string> {
    return replayTask(this.core, parseId(id, 'replay'));
  }

  /**
   * Pauses one task type, or all, in every role. What runs goes on.
   *
   * @throws where there is no such type, with the nearest one: in an emergency nobody may believe that it is paused.
   */
  async pause(...which: [taskType?: string]): Promise<void> {
    const taskType = which.length === 0 ? undefined : definitionOf(this.core.catalog, which[0]).taskType;
    await this.core.pauses.pause(taskType);
    for (const dispatcher of this.core.dispatchers) dispatcher.pausesChanged();
  }

  /** Resumes one task type, or everything. @throws where there is no such type, and none is paused. */
  async resume(...which: [taskType?: string]): Promise<void> {
    const [taskType] = which;
    const { types } = await this.core.pauses.read();
    // A type that has left the catalog while it was paused is resumed all the same.
    if (which.length > 0 && !types.has(taskType as string)) definitionOf(this.core.catalog, taskType);
    await this.core.pauses.resume(taskType);
    for (const dispatcher of this.core.dispatchers) dispatcher.pausesChanged();
  }

  /**
   * Why a task waits: its due date, a pause, a limit and who has its slots, what it comes after, a rate, its place in
   * line, and whether any role takes it. As data and in words; undefined where there is no such task.
   */
  explain(id: string): Promise<Explanation | undefined> {
    return explain(this.core, parseId(id, 'explain'));
  }

  /** What waits and runs now (up to 10,000 of each type and state), and the all-time totals of what has finished. */
  counts(): Promise<QueueCounts> {
    return countQueue(this.core);
  }

  /** The persistent tasks that match, as a cursor with `fetchAsync`, `countAsync`, `forEachAsync` and `mapAsync`. */
  find(...given: [selector?: string | Filter<Task>, options?: TaskFindOptions]): TaskCursor {
    const collection = withoutCallTimeout(this.core.store.collection);
    const filter = parseSelector(given.length === 0 ? {} : given[0], 'find');
    const options = parseFindOptions(given[1], 'find');
    const { skip, limit, hint, session } = options;
    const count = () => collection.countDocuments(filter, { skip, hint, session, ...(limit && { limit }) });
    return new TaskCursor(collection.find(filter, options), count);
  }

  /** The first persistent task that matches. */
  async findOne(
    ...given: [selector?: string | Filter<Task>, options?: Omit<TaskFindOptions, 'limit'>]
  ): Promise<Task | undefined> {
    const filter = parseSelector(given.length === 0 ? {} : given[0], 'findOne');
    const options = parseFindOptions(given[1], 'findOne');
    return (await this.core.store.collection.findOne(filter, options)) ?? undefined;
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
    for (const dispatcher of this.core.dispatchers) dispatcher.datesChanged();
    return changed;
  }
}
