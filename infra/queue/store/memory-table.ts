import { compareTasks, type Ordered } from '../model/order';
import { finishedStates, type Task, type TaskState } from '../model/task';
import type { Held, Upcoming } from './task-store';

/** How many finished tasks are kept beyond what retention says: memory has no end of its own. */
const finishedKept = 10_000;

/** The tasks of a memory store, by id; those that are queued also in their order. Every change goes through `put`. */
export class MemoryTable {
  private readonly tasks = new Map<string, Task>();
  private readonly queued = new Map<string, SortedTasks<Task>>();
  /** In the order of their ends. */
  private readonly finished = new Set<string>();

  get(id: string): Task | undefined {
    return this.tasks.get(id);
  }

  put(task: Task): Task {
    const before = this.tasks.get(task._id);
    if (before?.state === 'queued') this.queueOf(before).remove(before);
    this.tasks.set(task._id, task);
    if (task.state === 'queued') this.queueOf(task).add(task);
    if (isFinished(task.state)) this.remember(task);
    else this.finished.delete(task._id);
    return task;
  }

  drop(task: Task): void {
    if (task.state === 'queued') this.queueOf(task).remove(task);
    this.finished.delete(task._id);
    this.tasks.delete(task._id);
  }

  /** Where `when` holds, the task becomes what `how` makes of it. */
  change(id: string, when: (task: Task) => boolean, how: (task: Task) => Task): Task | undefined {
    const task = this.tasks.get(id);
    return task && when(task) ? this.put(how(task)) : undefined;
  }

  /** The task, where this claim on it still holds. */
  held({ _id, owner, token }: Held): Task | undefined {
    const task = this.tasks.get(_id);
    return task?.state === 'running' && task.owner === owner && task.token === token ? task : undefined;
  }

  /** The first queued tasks of a type, of one version after the other up to the newest that is known. */
  heads(taskType: string, newest: number, limit: number, minPriority?: number): Task[] {
    const versions = Array.from({ length: newest }, (_, index) => kindOf(taskType, index + 1));
    return versions.flatMap(kind => this.queued.get(kind)?.first(limit, minPriority) ?? []);
  }

  all(): IterableIterator<Task> {
    return this.tasks.values();
  }

  search(is: (task: Task) => boolean): Task[] {
    return [...this.tasks.values()].filter(is);
  }

  earliest(dateOf: (task: Task) => Date | undefined): Upcoming | undefined {
    let first: Upcoming | undefined;
    for (const task of this.tasks.values()) {
      const date = dateOf(task);
      if (date && (!first || date < first.date)) first = { id: task._id, date };
    }
    return first;
  }

  private remember(task: Task): void {
    this.finished.add(task._id);
    if (this.finished.size <= finishedKept) return;
    const [oldest] = this.finished;
    this.drop(this.tasks.get(oldest as string) as Task);
  }

  private queueOf({ taskType, catalogVersion }: Task): SortedTasks<Task> {
    const kind = kindOf(taskType, catalogVersion);
    const queue = this.queued.get(kind) ?? new SortedTasks<Task>();
    this.queued.set(kind, queue);
    return queue;
  }
}

function kindOf(taskType: string, version: number): string {
  return `${taskType}@${version}`;
}

function isFinished(state: TaskState): boolean {
  return (finishedStates as readonly TaskState[]).includes(state);
}

export function without(task: Task, fields: readonly string[]): Task {
  const gone = new Set(fields);
  return Object.fromEntries(Object.entries(task).filter(([key]) => !gone.has(key))) as unknown as Task;
}

/** Tasks in the queue's order: found by halving, so that neither end of a long queue is dear. */
class SortedTasks<T extends Ordered> {
  private readonly items: T[] = [];

  add(task: T): void {
    this.items.splice(this.placeOf(task), 0, task);
  }

  remove(task: Ordered): void {
    const place = this.placeOf(task);
    if (this.items[place]?._id === task._id) this.items.splice(place, 1);
  }

  /** The first tasks of at least this priority. */
  first(limit: number, minPriority = Number.NEGATIVE_INFINITY): T[] {
    const head = this.items.slice(0, limit);
    return head.filter(task => task.priority >= minPriority);
  }

  /** Where the task is, or would be. */
  private placeOf(task: Ordered): number {
    let from = 0;
    let to = this.items.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (compareTasks(this.items[middle] as T, task) < 0) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
