import type { Filter } from 'mongodb';
import type { TaskTypeIn } from '../../catalog';
import { withoutCallTimeout } from '../../database';
import type { Batch } from '../model/batch';
import type { BulkWork } from '../model/bulk-work';
import type { Task } from '../model/task';
import type { StoredLog } from '../store/attempt-logs';
import { BatchHandle } from './batch';
import { ConnectedQueue } from './connected-queue';
import { countQueue, type QueueCounts } from './counts';
import { ErrorGroupsApi } from './error-groups';
import { type Explanation, explain } from './explain';
import {
  InMemoryTasks,
  parseFindOptions,
  parseId,
  parseSelector,
  TaskCursor,
  type TaskFindOptions,
} from './find-tasks';
import { LimitsApi } from './limits';
import { type ResultOptions, Results } from './results';
import { StatisticsReader } from './statistics';

/** What can be asked of a queue: nothing here changes a task. */
export class QueueReader<C extends object, R extends object = object> extends ConnectedQueue<C> {
  /** Tasks in the memory of this jobs role. */
  readonly inMemory = new InMemoryTasks(() => this.core);
  /** What has happened to tasks, by type and time. */
  readonly statistics = new StatisticsReader(() => this.core);
  /** What has failed, grouped by error. */
  readonly errors = new ErrorGroupsApi(() => this.core);
  /** The limits of task types as people change them at run time. */
  readonly limits = new LimitsApi(() => this.core);
  private readonly results = new Results(() => this.core);

  /** A batch that is there: to add more to it, and to see how far it is. */
  batch(id: string): BatchHandle<C> {
    return new BatchHandle(parseId(id, 'batch'), () => this.core);
  }

  /** The newest batches, what goes on and what has ended. */
  batches(limit = 20): Promise<Batch[]> {
    return this.core.batches.newest(limit);
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

  /**
   * Why a task waits: its due date, a pause, a limit and who has its slots, what it comes after, a rate, its place in
   * line, and whether any role takes it. As data and in words; undefined where there is no such task.
   */
  explain(id: string): Promise<Explanation | undefined> {
    return explain(this.core, parseId(id, 'explain'));
  }

  /** How far work on many tasks is; undefined where there is none of this id, or no longer (30 days after its end). */
  bulkWork(id: string): Promise<BulkWork | undefined> {
    return this.core.bulkWorks.read(parseId(id, 'bulkWork'));
  }

  /** The newest of them, what runs and what has ended. */
  bulkWorks(limit = 20): Promise<BulkWork[]> {
    return this.core.bulkWorks.newest(limit);
  }

  /**
   * What was written while an attempt ran: its last 200 lines, 64 KB at most. `attempts` of the task says by `lines` which
   * have any.
   *
   * @param startedAt of the attempt, as in the task's history. Default: the newest that has a log.
   * @returns undefined where there is no such task, or no log of it.
   */
  async attemptLog(id: string, startedAt?: Date): Promise<StoredLog | undefined> {
    const task = await this.core.store.findOne(parseId(id, 'attemptLog'));
    return task && this.core.attemptLogs.read(task, startedAt);
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

  /**
   * Selects the tasks of an owner, the newest first by an index: `find(TaskQueue.ofOwner(userId), { sort: { createdAt: -1 } })`.
   *
   * @throws where the app does not say by `ownerField` whose a task is.
   */
  ofOwner(owner: string): Filter<Task> {
    return { [this.ownerPath]: parseId(owner, 'ofOwner') };
  }

  /** The first persistent task that matches. */
  async findOne(
    ...given: [selector?: string | Filter<Task>, options?: Omit<TaskFindOptions, 'limit'>]
  ): Promise<Task | undefined> {
    const filter = parseSelector(given.length === 0 ? {} : given[0], 'findOne');
    const options = parseFindOptions(given[1], 'findOne');
    return (await this.core.store.collection.findOne(filter, options)) ?? undefined;
  }
}
