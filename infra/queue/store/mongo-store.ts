import type { Collection, Db, Filter, UpdateFilter } from 'mongodb';
import { withoutCallTimeout } from '../../database';
import type { AnySession } from '../model/add-options';
import { liveStates, type Progress, type Task, type TaskError } from '../model/task';
import { DueFloor } from './due-floor';
import { GroupedInserts } from './grouped-inserts';
import { HeadReader } from './head-reader';
import { dropRetiredIndexes, ensureIndexes } from './indexes';
import { isWaitingSince, raiseTasks } from './mongo-ageing';
import { takeQueued } from './mongo-claim';
import { countLiveTasks, findUnknownTypes } from './mongo-count';
import { cancelTask, retryTask, retryTasks, setAside } from './mongo-ends';
import { insertTasks } from './mongo-insert';
import { insertInSession } from './mongo-insert-in-session';
import { promoteTasks } from './mongo-promote';
import { handBackAll, handBackClaim, renewLeases, settleTasks } from './mongo-settle';
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

export const taskCollectionName = 'taskQueue';

const lookAgainMs = 10_000;

/** MongoDB knows earlier and later ones. */
const [earliestDate, latestDate] = [new Date(-8.64e15), new Date(8.64e15)];

const watched: Filter<Task> = { deadlineWatch: { $exists: true }, state: { $in: [...liveStates] } };
const deadlineFields = { taskType: 1, deadline: 1, deadlineWatch: 1 } as const;

/** Tasks in MongoDB, shared by all roles. */
export class MongoStore implements TaskStore {
  readonly collection: Collection<Task>;
  readonly headReader: HeadReader;
  readonly dueFloor = new DueFloor();
  private readonly grouped: GroupedInserts;
  private lookedAt = 0;

  constructor(db: Db, name = taskCollectionName) {
    this.collection = db.collection<Task>(name, { ignoreUndefined: true });
    this.grouped = new GroupedInserts(this.collection);
    this.headReader = new HeadReader(this.collection);
  }

  async ensureIndexes(): Promise<void> {
    this.lookedAt = Date.now();
    await ensureIndexes(this.collection);
  }

  /** Of versions before. Another role may do so at the same time. */
  dropRetiredIndexes(): Promise<void> {
    return dropRetiredIndexes(this.collection).catch(() => {});
  }

  async insert(insertions: readonly Insertion[], session?: AnySession): Promise<Inserted[]> {
    const [only, ...others] = insertions;
    if (!only) return [];
    if (insertions.some(({ task }) => (task.uniqueKey ?? task.unique) !== undefined)) this.lookForIndexes();
    if (session) return insertInSession(this.collection, insertions, session);
    return others.length === 0 ? [await this.grouped.insert(only)] : insertTasks(this.collection, insertions);
  }

  /** What makes a key unique may have been dropped, while no jobs role is there to notice. */
  private lookForIndexes(): void {
    if (Date.now() - this.lookedAt < lookAgainMs) return;
    this.lookedAt = Date.now();
    // Who adds a task is not to wait for an index, nor to hear of it: the jobs roles report what they can't make.
    this.ensureIndexes().catch(() => {});
  }

  async peek(request: PeekRequest): Promise<Peeked[]> {
    return request.types.length === 0 || request.limit < 1 ? [] : this.headReader.peek(request);
  }

  async take(ids: readonly string[], claim: Claim): Promise<Task[]> {
    const tasks = await takeQueued(this.collection, ids, claim);
    this.headReader.heads.took(tasks.length);
    return tasks;
  }

  async takeFirst(request: PeekRequest, claim: Claim): Promise<Task | undefined> {
    const task = await this.headReader.takeFirst(request, claim);
    if (task) this.headReader.heads.took(1);
    return task;
  }

  settle(settlements: readonly Settlement[]): Promise<string[]> {
    return settleTasks(this.collection, settlements);
  }

  handBackClaim(owner: string, token: string): Promise<void> {
    return handBackClaim(this.collection, owner, token);
  }

  handBackAll(owner: string): Promise<number> {
    return handBackAll(this.collection, owner);
  }

  renew(tasks: readonly Held[], leaseUntil: Date): Promise<string[]> {
    return renewLeases(this.collection, tasks, leaseUntil);
  }

  async setProgress(updates: readonly { task: Held; progress: Progress }[]): Promise<void> {
    const operations = updates.map(({ task: { _id, owner, token }, progress }) => ({
      updateOne: {
        filter: { _id, state: 'running', owner: owner as string, token: token as string } as Filter<Task>,
        update: { $set: { progress } },
      },
    }));
    if (operations.length > 0) await this.collection.bulkWrite(operations, { ordered: false, writeConcern: { w: 1 } });
  }

  setAside(task: Held, state: Task['state'], error: TaskError, now: Date): Promise<boolean> {
    return setAside(this.collection, task, state, error, now);
  }

  expired(now: Date, deadOwners: readonly string[], limit: number): Promise<Task[]> {
    const isOver = [{ leaseUntil: { $lt: now } }, { owner: { $in: [...deadOwners] } }];
    return this.collection.find({ state: 'running', $or: isOver }).hint('lease').limit(limit).toArray();
  }

  nextExpiry(): Promise<Upcoming | undefined> {
    return this.earliest({ state: 'running' }, 'leaseUntil', 'lease');
  }

  promote(now: Date, limit: number): Promise<Task[]> {
    return promoteTasks(this.collection, now, limit, this.dueFloor);
  }

  async nextScheduled(): Promise<Upcoming | undefined> {
    const next = await this.dueFloor.read(from => this.earliest({ state: 'scheduled' }, 'dueDate', 'due', from));
    // Where only a look at the whole index could find it, the promotion that follows is to find it as well.
    if (next) this.dueFloor.scheduled(next.date);
    return next;
  }

  nearDeadline(until: Date, limit: number): Promise<WatchedDeadline[]> {
    const near = this.collection.find({ ...watched, deadline: { $gte: earliestDate, $lte: until } }).hint('deadline');
    return near.sort({ deadline: 1 }).limit(limit).project<WatchedDeadline>(deadlineFields).toArray();
  }

  nextDeadline(): Promise<Upcoming | undefined> {
    return this.earliest(watched, 'deadline', 'deadline');
  }

  bump(id: string, priority: number): Promise<Task | undefined> {
    return this.changeLive(id, { $max: { priority }, $set: { deadlineWatch: 'miss' } });
  }

  missDeadline(id: string): Promise<Task | undefined> {
    return this.changeLive(id, { $set: { deadlineMissed: true }, $unset: { deadlineWatch: '' } });
  }

  raise(type: AgeingType, dueBefore: Date, to: number, limit: number): Promise<number> {
    return raiseTasks(this.collection, type, dueBefore, to, limit);
  }

  isWaitingSince(type: AgeingType, dueBefore: Date): Promise<boolean> {
    return isWaitingSince(this.collection, type, dueBefore);
  }

  cancel(id: string, now: Date, expiresAt: Date): Promise<Cancelled> {
    return cancelTask(this.collection, id, now, expiresAt);
  }

  async leaveChain(_id: string): Promise<void> {
    await this.collection.updateOne({ _id }, { $unset: { recurringKey: '' } });
  }

  async cancelRequested(ids: readonly string[]): Promise<string[]> {
    const asked = { _id: { $in: [...ids] }, cancelRequested: true };
    return (await this.collection.find(asked).project<{ _id: string }>({ _id: 1 }).toArray()).map(({ _id }) => _id);
  }

  retry(id: string, changes: RetryChanges): Promise<Retried> {
    return retryTask(this.collection, id, changes);
  }

  /** The same for many in one write. @returns the ids of those whose `uniqueKey` is taken. */
  retryMany(ids: readonly string[], changes: RetryChanges): Promise<string[]> {
    return retryTasks(this.collection, ids, changes);
  }

  async findOne(id: string): Promise<Task | undefined> {
    return (await this.collection.findOne({ _id: id })) ?? undefined;
  }

  find(selector: Selector): Promise<Task[]> {
    return this.collection.find(selector).toArray();
  }

  async remove(selector: Selector): Promise<number> {
    // As many as an operator likes: it may take its time.
    return (await withoutCallTimeout(this.collection).deleteMany(selector)).deletedCount;
  }

  countLive(limit: number): Promise<LiveCount[]> {
    return countLiveTasks(this.collection, limit);
  }

  unknownTypes(known: readonly KnownType[]): Promise<KnownType[]> {
    return findUnknownTypes(this.collection, known);
  }

  private async changeLive(_id: string, change: UpdateFilter<Task>): Promise<Task | undefined> {
    const live = { _id, state: { $in: [...liveStates] } };
    return (await this.collection.findOneAndUpdate(live, change, { returnDocument: 'after' })) ?? undefined;
  }

  /** The first of an index whose date is one that JavaScript knows: somebody else's text or wild date holds up nobody. */
  private async earliest(
    filter: Filter<Task>,
    field: 'dueDate' | 'deadline' | 'leaseUntil',
    hint: string,
    from = earliestDate,
  ): Promise<Upcoming | undefined> {
    const [first] = await this.collection
      .find({ ...filter, [field]: { $gte: from, $lte: latestDate } })
      .project<Record<string, Date>>({ [field]: 1 })
      .sort({ [field]: 1 })
      .hint(hint)
      .limit(1)
      .toArray();
    return first && { id: String(first._id), date: first[field] as Date };
  }
}
