import { defaultOptions } from '../../catalog';
import { compareTasks, placeOfInterrupted } from '../model/order';
import { isLive, type Progress, type Task, type TaskError } from '../model/task';
import { countLiveTasks, findUnknownTypes, matches } from './memory-queries';
import { MemoryTable, without } from './memory-table';
import { cancelTask, insertTask, retryTask, settleTasks, wasSettledBy } from './memory-writes';
import type {
  AgeingType,
  Cancelled,
  Claim,
  Held,
  Inserted,
  Insertion,
  KnownType,
  LiveCount,
  Peeked,
  PeekRequest,
  Retried,
  RetryChanges,
  Selector,
  Settlement,
  TaskStore,
  Upcoming,
  WatchedDeadline,
} from './task-store';
import { fieldsToUnset } from './transition';

/** Tasks in the memory of one jobs role: the same contract as MongoDB's store, lost with the process. */
export class MemoryStore implements TaskStore {
  private readonly table = new MemoryTable();

  async insert(insertions: readonly Insertion[]): Promise<Inserted[]> {
    return insertions.map(insertion => insertTask(this.table, insertion));
  }

  async peek({ types, limit, minPriority }: PeekRequest): Promise<Peeked[]> {
    const heads = types.flatMap(({ taskType, version }) => this.table.heads(taskType, version, limit, minPriority));
    return heads
      .sort(compareTasks)
      .slice(0, limit)
      .map(({ _id, taskType, priority, place, dueDate }) => ({ _id, taskType, priority, place, dueDate }));
  }

  async take(ids: readonly string[], { owner, token, now, leaseUntil }: Claim): Promise<Task[]> {
    const tasks = ids.map(id => this.table.get(id)).filter(task => task?.state === 'queued') as Task[];
    return tasks.map(({ recurringKey: _, ...task }) =>
      structuredClone(this.table.put({ ...task, state: 'running', owner, token, leaseUntil, claimedAt: now })),
    );
  }

  async takeFirst(request: PeekRequest, claim: Claim): Promise<Task | undefined> {
    const [first] = await this.peek({ ...request, limit: 1 });
    return first && (await this.take([first._id], claim))[0];
  }

  async settle(settlements: readonly Settlement[]): Promise<string[]> {
    return settleTasks(this.table, settlements);
  }

  async handBackClaim(owner: string, token: string): Promise<void> {
    this.handBack(this.table.search(task => task.owner === owner && task.token === token));
  }

  async handBackAll(owner: string): Promise<number> {
    return this.handBack(this.table.search(task => task.owner === owner && task.state === 'running'));
  }

  private handBack(tasks: readonly Held[]): number {
    for (const claim of tasks) this.changeHeld(claim, task => without(interrupted(task), fieldsToUnset('queued')));
    return tasks.length;
  }

  async renew(tasks: readonly Held[], leaseUntil: Date): Promise<string[]> {
    const gone = tasks.filter(claim => !this.changeHeld(claim, task => ({ ...task, leaseUntil })));
    const lost = gone.filter(claim => !wasSettledBy(this.table, claim));
    return lost.map(({ _id }) => _id);
  }

  async setProgress(updates: readonly { task: Held; progress: Progress }[]): Promise<void> {
    for (const { task: claim, progress } of updates) this.changeHeld(claim, task => ({ ...task, progress }));
  }

  async setAside({ _id, owner, token }: Held, state: Task['state'], error: TaskError, now: Date): Promise<boolean> {
    const expiresAt = new Date(now.getTime() + defaultOptions.retention.failed);
    const failed = (task: Task) =>
      without({ ...task, state: 'failed', error, finishedAt: now, expiresAt }, [...fieldsToUnset('failed'), 'token']);
    const isIt = (task: Task) =>
      task.state === state && (owner ?? task.owner) === task.owner && (token ?? task.token) === task.token;
    return this.table.change(_id, isIt, failed) !== undefined;
  }

  async expired(now: Date, deadOwners: readonly string[], limit: number): Promise<Task[]> {
    const isOver = (task: Task) =>
      task.state === 'running' && ((task.leaseUntil ?? now) < now || deadOwners.includes(task.owner ?? ''));
    return this.table.search(isOver).slice(0, limit);
  }

  async nextExpiry(): Promise<Upcoming | undefined> {
    return this.table.earliest(task => (task.state === 'running' ? task.leaseUntil : undefined));
  }

  async promote(now: Date, limit: number): Promise<Task[]> {
    const due = this.table.search(task => task.state === 'scheduled' && task.dueDate <= now);
    const soonest = due.sort((a, b) => a.dueDate.getTime() - b.dueDate.getTime()).slice(0, limit);
    return soonest.map(task => this.table.put({ ...task, state: 'queued' }));
  }

  async nextScheduled(): Promise<Upcoming | undefined> {
    return this.table.earliest(task => (task.state === 'scheduled' ? task.dueDate : undefined));
  }

  async nearDeadline(until: Date, limit: number): Promise<WatchedDeadline[]> {
    const near = this.table.search(task => isLive(task) && task.deadlineWatch !== undefined && task.deadline! <= until);
    return near.sort((a, b) => a.deadline!.getTime() - b.deadline!.getTime()).slice(0, limit) as WatchedDeadline[];
  }

  async nextDeadline(): Promise<Upcoming | undefined> {
    return this.table.earliest(task => (isLive(task) && task.deadlineWatch ? task.deadline : undefined));
  }

  async bump(id: string, priority: number): Promise<Task | undefined> {
    const bumped = (task: Task): Task => ({
      ...task,
      priority: Math.max(priority, task.priority),
      deadlineWatch: 'miss',
    });
    return this.table.change(id, isLive, bumped);
  }

  async missDeadline(id: string): Promise<Task | undefined> {
    return this.table.change(id, isLive, task => without({ ...task, deadlineMissed: true }, ['deadlineWatch']));
  }

  async raise({ taskType }: AgeingType, dueBefore: Date, to: number, limit: number): Promise<number> {
    const late = this.waitingSince(taskType, dueBefore).filter(({ priority }) => priority < to);
    for (const task of late.slice(0, limit)) this.table.put({ ...task, priority: to });
    return Math.min(limit, late.length);
  }

  async isWaitingSince({ taskType }: AgeingType, dueBefore: Date): Promise<boolean> {
    return this.waitingSince(taskType, dueBefore).length > 0;
  }

  private waitingSince(taskType: string, date: Date): Task[] {
    return this.table.search(task => task.state === 'queued' && task.taskType === taskType && task.dueDate < date);
  }

  async cancel(id: string, now: Date, expiresAt: Date): Promise<Cancelled> {
    return cancelTask(this.table, id, now, expiresAt);
  }

  async leaveChain(id: string): Promise<void> {
    this.table.change(
      id,
      () => true,
      task => without(task, ['recurringKey']),
    );
  }

  async cancelRequested(ids: readonly string[]): Promise<string[]> {
    return ids.filter(id => this.table.get(id)?.cancelRequested);
  }

  async retry(id: string, changes: RetryChanges): Promise<Retried> {
    return retryTask(this.table, id, changes);
  }

  async findOne(id: string): Promise<Task | undefined> {
    return this.get(id);
  }

  async find(selector: Selector): Promise<Task[]> {
    return structuredClone(this.table.search(task => matches(task, selector)));
  }

  async remove(selector: Selector): Promise<number> {
    const found = this.table.search(task => matches(task, selector));
    for (const task of found) this.table.drop(task);
    return found.length;
  }

  async countLive(limit: number): Promise<LiveCount[]> {
    return countLiveTasks(this.table, limit);
  }

  async unknownTypes(known: readonly KnownType[]): Promise<KnownType[]> {
    return findUnknownTypes(this.table, known);
  }

  /** Removes what retention no longer keeps. MongoDB has a TTL index for it. */
  purge(now: Date): void {
    for (const task of this.table.search(one => one.expiresAt !== undefined && one.expiresAt <= now))
      this.table.drop(task);
  }

  get(id: string): Task | undefined {
    return structuredClone(this.table.get(id));
  }

  /** All that have not finished, in the queue's order. */
  live(): Task[] {
    return structuredClone(this.table.search(isLive).sort(compareTasks));
  }

  private changeHeld(claim: Held, how: (task: Task) => Task): boolean {
    const task = this.table.held(claim);
    if (task) this.table.put(how(task));
    return task !== undefined;
  }
}

function interrupted(task: Task): Task {
  return { ...task, state: 'queued', place: placeOfInterrupted(task.place) };
}
