import { type Collection, type Db, type Filter, MongoServerError } from 'mongodb';
import { isDatabaseAway } from '../database-away';
import type { AnySession } from '../new-task';
import { finishedStates, liveStates, type Progress, type Task } from '../task';
import { newToken } from '../task-id';
import { fieldsToUnset } from './apply-transition';
import { ensureIndexes } from './indexes';
import { peekQueued, takeQueued } from './mongo-claim';
import { countLiveTasks, findUnknownTypes } from './mongo-count';
import { insertInSession, insertTasks } from './mongo-insert';
import { handBackTasks, renewLeases, settleTasks } from './mongo-settle';
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

export const taskCollectionName = 'taskQueue';

const waiting = ['scheduled', 'queued'] as const;

/** Tasks in MongoDB, shared by all roles. */
export class MongoStore implements TaskStore {
  readonly collection: Collection<Task>;

  constructor(db: Db, name = taskCollectionName) {
    this.collection = db.collection<Task>(name, { ignoreUndefined: true });
  }

  async ensureIndexes(): Promise<void> {
    await ensureIndexes(this.collection);
  }

  async insert(insertions: readonly Insertion[], session?: AnySession): Promise<Inserted[]> {
    if (insertions.length === 0) return [];
    return session ? insertInSession(this.collection, insertions, session) : insertTasks(this.collection, insertions);
  }

  async peek(request: PeekRequest): Promise<Peeked[]> {
    return request.types.length === 0 || request.limit < 1 ? [] : peekQueued(this.collection, request);
  }

  take(ids: readonly string[], claim: Claim): Promise<Task[]> {
    return takeQueued(this.collection, ids, claim);
  }

  settle(settlements: readonly Settlement[]): Promise<string[]> {
    return settleTasks(this.collection, settlements);
  }

  handBack(tasks: readonly Held[]): Promise<void> {
    return handBackTasks(this.collection, tasks);
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

  expired(now: Date, deadOwners: readonly string[], limit: number): Promise<Task[]> {
    const isOver = [{ leaseUntil: { $lt: now } }, { owner: { $in: [...deadOwners] } }];
    return this.collection.find({ state: 'running', $or: isOver }).hint('lease').limit(limit).toArray();
  }

  nextExpiry(): Promise<Upcoming | undefined> {
    return this.earliest({ state: 'running' }, 'leaseUntil', 'lease');
  }

  async promote(now: Date, limit: number): Promise<Task[]> {
    const due = { state: 'scheduled' as const, dueDate: { $lte: now } };
    const order = { dueDate: 1, _id: 1 } as const;
    const found = await this.collection
      .find(due)
      .project<{ _id: string }>({ _id: 1 })
      .sort(order)
      .limit(limit)
      .toArray();
    return this.promoteIds(found.map(({ _id }) => _id));
  }

  /** By a mark of its own, so that of two roles that promote at once each says "due" of its own tasks only. */
  private async promoteIds(ids: string[]): Promise<Task[]> {
    if (ids.length === 0) return [];
    const mark = newToken();
    const some = { _id: { $in: ids } };
    const marked = () => this.collection.find({ ...some, promotion: mark }).toArray();
    try {
      await this.collection.updateMany({ ...some, state: 'scheduled' }, { $set: { state: 'queued', promotion: mark } });
      return await marked();
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      const [only, ...others] = ids as [string, ...string[]];
      if (others.length === 0) return this.setAside(only, error as Error);
      // A document that the database refuses to promote must not hold up the others.
      const done = await marked();
      const rest = ids.filter(id => !done.some(({ _id }) => _id === id));
      return [...done, ...(await Promise.all(rest.map(id => this.promoteIds([id])))).flat()];
    }
  }

  private async setAside(id: string, error: Error): Promise<Task[]> {
    const taskError = { name: error.name, message: `cannot be promoted: ${error.message}` };
    const end = { state: 'failed' as const, error: taskError, finishedAt: new Date() };
    // Where even that is refused, it stays as it is; the others have been promoted.
    await this.collection.updateOne({ _id: id, state: 'scheduled' }, { $set: end }).catch(() => {});
    return [];
  }

  nextScheduled(): Promise<Upcoming | undefined> {
    return this.earliest({ state: 'scheduled' }, 'dueDate', 'due');
  }

  nearDeadline(until: Date, limit: number): Promise<Task[]> {
    const near = { deadlineWatch: { $exists: true }, deadline: { $lte: until } };
    return this.collection.find(near).sort({ deadline: 1 }).hint('deadline').limit(limit).toArray();
  }

  nextDeadline(): Promise<Upcoming | undefined> {
    return this.earliest({ deadlineWatch: { $exists: true } }, 'deadline', 'deadline');
  }

  bump(id: string, priority: number): Promise<boolean> {
    return this.updateLive(id, { $max: { priority }, $set: { deadlineWatch: 'miss' } });
  }

  missDeadline(id: string): Promise<boolean> {
    return this.updateLive(id, { $set: { deadlineMissed: true }, $unset: { deadlineWatch: '' } });
  }

  async cancel(id: string, now: Date, expiresAt: Date): Promise<'cancelled' | 'requested' | undefined> {
    const unset = Object.fromEntries([...fieldsToUnset('cancelled'), 'recurringKey'].map(field => [field, '']));
    const end = { $set: { state: 'cancelled' as const, finishedAt: now, expiresAt }, $unset: unset as never };
    const cancelled = await this.collection.updateOne({ _id: id, state: { $in: [...waiting] } }, end);
    if (cancelled.matchedCount === 1) return 'cancelled';
    const asked = await this.collection.updateOne({ _id: id, state: 'running' }, { $set: { cancelRequested: true } });
    return asked.matchedCount === 1 ? 'requested' : undefined;
  }

  async cancelRequested(ids: readonly string[]): Promise<string[]> {
    const asked = { _id: { $in: [...ids] }, cancelRequested: true };
    return (await this.collection.find(asked).project<{ _id: string }>({ _id: 1 }).toArray()).map(({ _id }) => _id);
  }

  async retry(id: string, changes: Pick<Task, 'dueDate' | 'signature'>): Promise<'retried' | 'duplicate' | undefined> {
    const { dueDate, signature } = changes;
    const afresh = { state: 'queued', attempt: 0, priority: '$basePriority', dueDate, ...(signature && { signature }) };
    const ended = { _id: id, state: { $in: finishedStates.filter(state => state !== 'done') } };
    try {
      const { matchedCount } = await this.collection.updateOne(ended, [
        { $set: afresh },
        { $unset: ['error', 'finishedAt', 'expiresAt', 'deadlineMissed', 'progress', 'cancelRequested'] },
      ]);
      return matchedCount === 1 ? 'retried' : undefined;
    } catch (error) {
      if (error instanceof MongoServerError && error.code === 11000) return 'duplicate';
      throw error;
    }
  }

  async findOne(id: string): Promise<Task | undefined> {
    return (await this.collection.findOne({ _id: id })) ?? undefined;
  }

  find(selector: Selector): Promise<Task[]> {
    return this.collection.find(selector).toArray();
  }

  async remove(selector: Selector): Promise<number> {
    return (await this.collection.deleteMany(selector)).deletedCount;
  }

  countLive(limit: number): Promise<LiveCount[]> {
    return countLiveTasks(this.collection, limit);
  }

  unknownTypes(known: readonly KnownType[]): Promise<KnownType[]> {
    return findUnknownTypes(this.collection, known);
  }

  private async updateLive(id: string, update: object): Promise<boolean> {
    const { matchedCount } = await this.collection.updateOne({ _id: id, state: { $in: [...liveStates] } }, update);
    return matchedCount === 1;
  }

  /** The first of an index whose date really is one: somebody else's document with a text there holds up nobody. */
  private async earliest(
    filter: Filter<Task>,
    field: 'dueDate' | 'deadline' | 'leaseUntil',
    hint: string,
  ): Promise<Upcoming | undefined> {
    const [first] = await this.collection
      .find({ ...filter, [field]: { $type: 'date' } })
      .project<Record<string, Date>>({ [field]: 1 })
      .sort({ [field]: 1 })
      .hint(hint)
      .limit(1)
      .toArray();
    return first && { id: String(first._id), date: first[field] as Date };
  }
}
