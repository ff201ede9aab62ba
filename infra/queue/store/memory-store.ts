import { compareTasks } from '../order';
import { finishedStates, liveStates, type Progress, type Task, type TaskState } from '../task';
import { fieldsOf, fieldsToUnset, withAttempt } from './apply-transition';
import { matches } from './selector';
import { SortedTasks } from './sorted-tasks';
import type {
  Claim,
  Held,
  Inserted,
  Insertion,
  KnownType,
  LiveCount,
  Peeked,
  PeekRequest,
  Selector,
  Settlement,
  TaskStore,
  Upcoming,
} from './task-store';

/** How many finished tasks are kept beyond what retention says: memory has no end of its own. */
const finishedKept = 10_000;

/** Tasks in the memory of one jobs role: the same contract as MongoDB's store, lost with the process. */
export class MemoryStore implements TaskStore {
  private readonly tasks = new Map<string, Task>();
  private readonly queued = new Map<string, SortedTasks<Task>>();
  private readonly finished: string[] = [];

  async insert(insertions: readonly Insertion[]): Promise<Inserted[]> {
    return insertions.map(insertion => this.insertOne(insertion));
  }

  private insertOne({ task, once }: Insertion): Inserted {
    const there = this.tasks.get(task._id);
    if (there && once) return { kind: 'there', id: task._id };
    if (there && isLive(there)) return { kind: 'duplicate', id: task._id, field: '_id', value: task._id };
    const taken = this.holderOfUniqueKey(task);
    if (taken)
      return { kind: 'duplicate', id: task._id, field: 'uniqueKey', value: String(task.uniqueKey), existingId: taken };
    const next = task.recurringKey && this.search(one => one.recurringKey === task.recurringKey)[0];
    if (next) return { kind: 'merged', id: next._id };
    this.put(structuredClone(task));
    return { kind: 'added', id: task._id };
  }

  private holderOfUniqueKey({ _id, uniqueKey }: Task): string | undefined {
    if (uniqueKey === undefined) return undefined;
    return this.search(one => one._id !== _id && one.uniqueKey === uniqueKey && isLive(one))[0]?._id;
  }

  async peek({ types, limit, minPriority }: PeekRequest): Promise<Peeked[]> {
    const heads = types.flatMap(({ taskType, version }) => this.heads(taskType, version, limit, minPriority));
    return heads
      .sort(compareTasks)
      .slice(0, limit)
      .map(({ _id, taskType }) => ({ _id, taskType }));
  }

  private heads(taskType: string, version: number, limit: number, minPriority?: number): Task[] {
    const versions = Array.from({ length: version }, (_, index) => `${taskType}@${index + 1}`);
    return versions.flatMap(kind => this.queued.get(kind)?.first(limit, minPriority) ?? []);
  }

  async take(ids: readonly string[], { owner, token, now, leaseUntil }: Claim): Promise<Task[]> {
    const tasks = ids.map(id => this.tasks.get(id)).filter(task => task?.state === 'queued') as Task[];
    return tasks.map(({ recurringKey: _, ...task }) =>
      structuredClone(this.put({ ...task, state: 'running', owner, token, leaseUntil, claimedAt: now })),
    );
  }

  async settle(settlements: readonly Settlement[]): Promise<string[]> {
    return settlements.filter(settlement => !this.settleOne(settlement)).map(({ task }) => task._id);
  }

  private settleOne({ task: held, transition, attempt, newToken }: Settlement): boolean {
    const task = this.heldTask(held);
    if (!task) return this.wasSettledBy(held);
    const sinks = transition.sinks && task.deadlineWatch !== 'miss';
    const settled = {
      ...task,
      ...fieldsOf(transition),
      priority: sinks ? task.priority - 1 : task.priority,
      attempts: withAttempt(task.attempts, attempt),
      ...(newToken && { token: newToken }),
    } as Task;
    this.put(without(settled, fieldsToUnset(transition.state)));
    return true;
  }

  async handBack(tasks: readonly Held[]): Promise<void> {
    for (const held of tasks) {
      const task = this.heldTask(held);
      if (task) this.put(without({ ...task, state: 'queued' }, fieldsToUnset('queued')));
    }
  }

  async renew(tasks: readonly Held[], leaseUntil: Date): Promise<string[]> {
    const lost: string[] = [];
    for (const held of tasks) {
      const task = this.heldTask(held);
      if (task) this.put({ ...task, leaseUntil });
      else lost.push(held._id);
    }
    return lost;
  }

  async setProgress(updates: readonly { task: Held; progress: Progress }[]): Promise<void> {
    for (const { task: held, progress } of updates) {
      const task = this.heldTask(held);
      if (task) this.put({ ...task, progress });
    }
  }

  async expired(now: Date, deadOwners: readonly string[], limit: number): Promise<Task[]> {
    const isOver = (task: Task) =>
      task.state === 'running' && ((task.leaseUntil ?? now) < now || deadOwners.includes(task.owner ?? ''));
    return this.search(isOver).slice(0, limit);
  }

  async nextExpiry(): Promise<Upcoming | undefined> {
    return this.earliest(task => (task.state === 'running' ? task.leaseUntil : undefined));
  }

  async promote(now: Date, limit: number): Promise<Task[]> {
    const due = this.search(task => task.state === 'scheduled' && task.dueDate <= now);
    return due.slice(0, limit).map(task => this.put({ ...task, state: 'queued' }));
  }

  async nextScheduled(): Promise<Upcoming | undefined> {
    return this.earliest(task => (task.state === 'scheduled' ? task.dueDate : undefined));
  }

  async nearDeadline(until: Date, limit: number): Promise<Task[]> {
    const near = this.search(task => task.deadlineWatch !== undefined && task.deadline! <= until);
    return near.sort((a, b) => a.deadline!.getTime() - b.deadline!.getTime()).slice(0, limit);
  }

  async nextDeadline(): Promise<Upcoming | undefined> {
    return this.earliest(task => (task.deadlineWatch ? task.deadline : undefined));
  }

  async bump(id: string, priority: number): Promise<boolean> {
    return this.change(id, isLive, task => ({
      ...task,
      priority: Math.max(priority, task.priority),
      deadlineWatch: 'miss' as const,
    }));
  }

  async missDeadline(id: string): Promise<boolean> {
    return this.change(id, isLive, task => without({ ...task, deadlineMissed: true }, ['deadlineWatch']));
  }

  async cancel(id: string, now: Date, expiresAt: Date): Promise<'cancelled' | 'requested' | undefined> {
    const task = this.tasks.get(id);
    if (!task || !isLive(task)) return undefined;
    if (task.state === 'running') {
      this.put({ ...task, cancelRequested: true });
      return 'requested';
    }
    const end = { ...task, state: 'cancelled' as const, finishedAt: now, expiresAt };
    this.put(without(end, [...fieldsToUnset('cancelled'), 'recurringKey']));
    return 'cancelled';
  }

  async cancelRequested(ids: readonly string[]): Promise<string[]> {
    return ids.filter(id => this.tasks.get(id)?.cancelRequested);
  }

  async retry(id: string, changes: Pick<Task, 'dueDate' | 'signature'>): Promise<'retried' | 'duplicate' | undefined> {
    const task = this.tasks.get(id);
    if (!task || !['failed', 'cancelled', 'rejected'].includes(task.state)) return undefined;
    if (this.holderOfUniqueKey(task)) return 'duplicate';
    const afresh = { ...task, ...changes, state: 'queued' as const, attempt: 0, priority: task.basePriority };
    this.put(without(afresh, ['error', 'finishedAt', 'expiresAt', 'deadlineMissed', 'progress', 'cancelRequested']));
    return 'retried';
  }

  async findOne(id: string): Promise<Task | undefined> {
    return structuredClone(this.tasks.get(id));
  }

  async find(selector: Selector): Promise<Task[]> {
    return structuredClone(this.search(task => matches(task, selector)));
  }

  async remove(selector: Selector): Promise<number> {
    const found = this.search(task => matches(task, selector));
    for (const task of found) this.drop(task);
    return found.length;
  }

  async countLive(limit: number): Promise<LiveCount[]> {
    const counts = new Map<string, LiveCount>();
    for (const task of this.tasks.values()) if (isLive(task)) countIn(counts, task, limit);
    return [...counts.values()];
  }

  async unknownTypes(known: readonly KnownType[]): Promise<KnownType[]> {
    const versions = new Map(known.map(({ taskType, version }) => [taskType, version]));
    const unknown = this.search(
      task => task.state === 'queued' && task.catalogVersion > (versions.get(task.taskType) ?? 0),
    );
    return unknown.slice(0, 10).map(({ taskType, catalogVersion }) => ({ taskType, version: catalogVersion }));
  }

  /** Removes what retention no longer keeps. MongoDB has a TTL index for it. */
  purge(now: Date): void {
    for (const task of this.search(one => one.expiresAt !== undefined && one.expiresAt <= now)) this.drop(task);
  }

  /** All tasks, in the queue's order. */
  all(): Task[] {
    return structuredClone([...this.tasks.values()].sort(compareTasks));
  }

  /** The task, where this claim on it still holds. */
  private heldTask({ _id, owner, token }: Held): Task | undefined {
    const task = this.tasks.get(_id);
    return task?.state === 'running' && task.owner === owner && task.token === token ? task : undefined;
  }

  /** The same end written twice is no loss. */
  private wasSettledBy({ _id, token }: Held): boolean {
    const task = this.tasks.get(_id);
    return task !== undefined && task.token === token && task.owner === undefined;
  }

  private change(id: string, when: (task: Task) => boolean, how: (task: Task) => Task): boolean {
    const task = this.tasks.get(id);
    if (!task || !when(task)) return false;
    this.put(how(task));
    return true;
  }

  private put(task: Task): Task {
    const before = this.tasks.get(task._id);
    if (before?.state === 'queued') this.queueOf(before).remove(before);
    this.tasks.set(task._id, task);
    if (task.state === 'queued') this.queueOf(task).add(task);
    if (isFinished(task.state) && !(before && isFinished(before.state))) this.remember(task);
    return task;
  }

  private drop(task: Task): void {
    if (task.state === 'queued') this.queueOf(task).remove(task);
    this.tasks.delete(task._id);
  }

  private remember(task: Task): void {
    this.finished.push(task._id);
    if (this.finished.length <= finishedKept) return;
    const oldest = this.tasks.get(this.finished.shift() as string);
    if (oldest && isFinished(oldest.state)) this.tasks.delete(oldest._id);
  }

  private queueOf({ taskType, catalogVersion }: Task): SortedTasks<Task> {
    const kind = `${taskType}@${catalogVersion}`;
    const queue = this.queued.get(kind) ?? new SortedTasks<Task>();
    this.queued.set(kind, queue);
    return queue;
  }

  private search(is: (task: Task) => boolean): Task[] {
    return [...this.tasks.values()].filter(is);
  }

  private earliest(dateOf: (task: Task) => Date | undefined): Upcoming | undefined {
    let first: Upcoming | undefined;
    for (const task of this.tasks.values()) {
      const date = dateOf(task);
      if (date && (!first || date < first.date)) first = { id: task._id, date };
    }
    return first;
  }
}

function isLive(task: Task): boolean {
  return (liveStates as readonly TaskState[]).includes(task.state);
}

function isFinished(state: TaskState): boolean {
  return (finishedStates as readonly TaskState[]).includes(state);
}

function without(task: Task, fields: readonly string[]): Task {
  const gone = new Set(fields);
  return Object.fromEntries(Object.entries(task).filter(([key]) => !gone.has(key))) as unknown as Task;
}

function countIn(counts: Map<string, LiveCount>, { taskType, state, dueDate }: Task, limit: number): void {
  const key = `${taskType} ${state}`;
  const seen = counts.get(key) ?? { taskType, state: state as LiveCount['state'], count: 0 };
  const oldest = state === 'queued' && (!seen.oldest || dueDate < seen.oldest) ? { oldest: dueDate } : {};
  counts.set(key, { ...seen, count: Math.min(limit, seen.count + 1), ...oldest });
}
