import { type Collection, type Db, type Filter, MongoServerError, type UpdateFilter } from 'mongodb';
import type { Batch, BatchRecord } from '../model/batch';
import { liveStates, type Task } from '../model/task';
import { duplicateKey } from './mongo-insert';

export const batchCollectionName = 'taskBatches';

/** Who adds members and dies in the middle of it does not keep the batch from ending for longer than this. */
const addingMs = 60_000;

/** How many members have ended, by what they came to. */
export type Tally = Pick<Batch, 'done' | 'failed' | 'cancelled'>;

/** What is nobody's business but that of who adds members. */
const withoutMaking = { adding: 0, addingUntil: 0, makingUntil: 0 };

const alive: Filter<BatchRecord> = { state: { $in: ['open', 'sealed'] } };

/** The records of batches: who may add, what is shown of their progress, whether they have ended. */
export class Batches {
  private readonly records: Collection<BatchRecord>;

  constructor(db: Db) {
    this.records = db.collection(batchCollectionName);
  }

  async ensureIndexes(): Promise<void> {
    const { $in } = alive.state as { $in: string[] };
    await this.records.createIndexes([
      { name: 'alive', key: { state: 1, _id: 1 }, partialFilterExpression: { state: { $in } } },
      { name: 'newest', key: { createdAt: -1, _id: -1 } },
      { name: 'creator', key: { createdBy: 1 }, sparse: true },
      { name: 'retention', key: { expiresAt: 1 }, expireAfterSeconds: 0 },
    ]);
  }

  /** @returns the record that is there: this one, or one of its id that was there before. */
  async create(batch: Batch & Pick<BatchRecord, 'makingUntil'>): Promise<Batch> {
    const record = { ...batch, adding: 0, addingUntil: batch.createdAt };
    try {
      await this.records.insertOne(record);
      return batch;
    } catch (error) {
      if (!(error instanceof MongoServerError) || error.code !== duplicateKey) throw error;
      return (await this.read(batch._id)) ?? batch;
    }
  }

  /** Whoever made it has died or given up before it was whole: somebody else goes on. @returns whether this is so. */
  async takeOverMaking(_id: string, now: Date, makingUntil: Date): Promise<boolean> {
    const given = { _id, state: 'open' as const, makingUntil: { $lte: now } };
    return (await this.records.updateOne(given, { $set: { makingUntil } })).matchedCount === 1;
  }

  /** It is being made until then. */
  async keepMaking(_id: string, makingUntil: Date): Promise<void> {
    await this.records.updateOne({ _id, makingUntil: { $exists: true } }, { $set: { makingUntil } });
  }

  /** It is whole, and stays open: from now on nobody takes it over, nor for abandoned. */
  async endMaking(_id: string): Promise<void> {
    await this.records.updateOne({ _id }, { $unset: { makingUntil: '' } });
  }

  async read(_id: string): Promise<Batch | undefined> {
    return (await this.records.findOne({ _id }, { projection: withoutMaking })) ?? undefined;
  }

  /** From now until `endAdding` it does not end. @returns whether it takes members still. */
  async beginAdding(_id: string, byMember: boolean, now: Date): Promise<boolean> {
    const open: Filter<BatchRecord> = {
      _id,
      cancelRequested: { $ne: true },
      ...(byMember ? alive : { state: 'open' }),
    };
    const until = new Date(now.getTime() + addingMs);
    return (
      (await this.records.updateOne(open, { $inc: { adding: 1 }, $max: { addingUntil: until } })).matchedCount === 1
    );
  }

  /** @returns whether it was cancelled meanwhile. */
  async endAdding(_id: string, added: number): Promise<boolean> {
    const record = await this.records.findOneAndUpdate({ _id }, { $inc: { adding: -1, added } });
    return record?.cancelRequested === true;
  }

  /** The ids of the open ones that these tasks have made. */
  async madeBy(taskIds: readonly string[]): Promise<string[]> {
    const found = this.records.find({ ...alive, createdBy: { $in: [...taskIds] } });
    return (await found.project<{ _id: string }>({ _id: 1 }).toArray()).map(({ _id }) => _id);
  }

  async seal(which: Filter<BatchRecord>): Promise<void> {
    await this.records.updateMany({ ...which, state: 'open' }, sealed());
  }

  async requestCancel(_id: string): Promise<boolean> {
    return (await this.records.updateOne({ _id, ...alive }, sealed({ cancelRequested: true }))).matchedCount === 1;
  }

  /** What is shown while it goes on. */
  async count(tallies: ReadonlyMap<string, Tally>): Promise<void> {
    const operations = [...tallies].map(([_id, tally]) => ({
      updateOne: { filter: { _id, ...alive }, update: { $inc: { ...tally } } },
    }));
    if (operations.length > 0) await this.records.bulkWrite(operations, { ordered: false, writeConcern: { w: 1 } });
  }

  /** The sealed one of this id, to which nobody adds now. */
  async findSealed(_id: string, now: Date): Promise<Batch | undefined> {
    const still = { $or: [{ adding: { $lte: 0 } }, { addingUntil: { $lte: now } }] };
    return (await this.records.findOne({ _id, state: 'sealed', ...still })) ?? undefined;
  }

  async end(_id: string, end: Tally & Pick<Batch, 'added' | 'endedAt' | 'expiresAt'>): Promise<boolean> {
    return (
      (await this.records.updateOne({ _id, state: 'sealed' }, { $set: { ...end, state: 'ended' } })).matchedCount === 1
    );
  }

  /** The newest of all, ended ones too. */
  newest(limit: number): Promise<Batch[]> {
    return this.records
      .find({}, { projection: withoutMaking })
      .sort({ createdAt: -1, _id: -1 })
      .limit(limit)
      .maxTimeMS(5_000)
      .toArray();
  }

  /** Those that have not ended, in the order of their ids, after `from`. */
  async notEnded(from: string, limit: number): Promise<BatchRecord[]> {
    return this.records
      .find({ ...alive, _id: { $gt: from } })
      .sort({ _id: 1 })
      .limit(limit)
      .toArray();
  }
}

function sealed(more: Partial<BatchRecord> = {}): UpdateFilter<BatchRecord> {
  return { $set: { ...more, state: 'sealed' }, $unset: { makingUntil: '' } };
}

/** Whether any member has not ended: one look into an index. */
export async function hasLiveMember(collection: Collection<Task>, batch: string): Promise<boolean> {
  const live = { batch, state: { $in: [...liveStates] } };
  return (await collection.findOne(live, { projection: { _id: 1 }, hint: 'batch' })) !== null;
}

/** The members that are there, by their state. */
export async function tallyOf(collection: Collection<Task>, batch: string): Promise<Tally & { there: number }> {
  const groups = await collection
    .aggregate<{ _id: Task['state']; count: number }>(
      [{ $match: { batch } }, { $group: { _id: '$state', count: { $sum: 1 } } }],
      { hint: 'batch' },
    )
    .toArray();
  const of = (...states: Task['state'][]) =>
    groups.reduce((sum, { _id, count }) => (states.includes(_id) ? sum + count : sum), 0);
  const there = groups.reduce((sum, { count }) => sum + count, 0);
  return { done: of('done'), failed: of('failed', 'rejected'), cancelled: of('cancelled'), there };
}

/** The ids of members that have failed, or were rejected; at most `limit`. */
export async function failedMembers(collection: Collection<Task>, batch: string, limit: number): Promise<string[]> {
  const failed = collection.find({ batch, state: { $in: ['failed', 'rejected'] } }).hint('batch');
  return (await failed.limit(limit).project<{ _id: string }>({ _id: 1 }).toArray()).map(({ _id }) => _id);
}
