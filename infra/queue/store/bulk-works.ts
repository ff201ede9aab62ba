import type { Collection, Db, UpdateFilter } from 'mongodb';
import type { BulkRecord, BulkState, BulkWork } from '../model/bulk-work';

export const bulkWorkCollectionName = 'bulkWork';

/** How long what has ended is kept. */
const keptMs = 30 * 24 * 60 * 60 * 1_000;

const shown = { token: 0, leaseUntil: 0, after: 0, page: 0, signature: 0 } as const;

/** The records of work on all tasks that match a selector. Whoever carries one out has it by a lease and a token. */
export class BulkWorks {
  private readonly records: Collection<BulkRecord>;

  constructor(db: Db) {
    this.records = db.collection(bulkWorkCollectionName);
  }

  async ensureIndexes(): Promise<void> {
    await this.records.createIndexes([
      { name: 'running', key: { leaseUntil: 1 }, partialFilterExpression: { state: 'running' } },
      { name: 'started', key: { startedAt: -1 } },
      { name: 'retention', key: { expiresAt: 1 }, expireAfterSeconds: 0 },
    ]);
  }

  async create(record: BulkRecord): Promise<void> {
    await this.records.insertOne(record);
  }

  async read(_id: string): Promise<BulkWork | undefined> {
    return (await this.records.findOne({ _id }, { projection: shown })) ?? undefined;
  }

  /** The newest first. */
  newest(limit: number): Promise<BulkWork[]> {
    return this.records.find({}, { projection: shown }).sort({ startedAt: -1 }).limit(limit).toArray();
  }

  /** Stops at once what nobody is at; whoever is at it stops after its page. @returns whether it ran. */
  async requestStop(_id: string, now: Date): Promise<boolean> {
    const idle = { _id, state: 'running' as const, leaseUntil: { $lte: now }, page: { $exists: false } };
    const stopped = await this.records.updateOne(idle, { $set: { stopRequested: true, ...endOf('stopped', now) } });
    if (stopped.matchedCount === 1) return true;
    const asked = await this.records.updateOne({ _id, state: 'running' }, { $set: { stopRequested: true } });
    return asked.matchedCount === 1;
  }

  /** Takes one that nobody is at; the oldest. */
  async claim(token: string, now: Date, leaseUntil: Date): Promise<BulkRecord | undefined> {
    const idle = { state: 'running' as const, leaseUntil: { $lte: now } };
    const change = { $set: { token, leaseUntil } };
    const options = { sort: { leaseUntil: 1 }, returnDocument: 'after' } as const;
    return (await this.records.findOneAndUpdate(idle, change, options)) ?? undefined;
  }

  /** Whether any is still to be carried out. */
  async isAnyRunning(): Promise<boolean> {
    return (await this.records.findOne({ state: 'running' }, { projection: { _id: 1 } })) !== null;
  }

  /** @returns the record as it is then; undefined where another role has taken it over. */
  async change(
    { _id, token }: Pick<BulkRecord, '_id' | 'token'>,
    change: UpdateFilter<BulkRecord>,
  ): Promise<BulkRecord | undefined> {
    const mine = { _id, token: token as string, state: 'running' as const };
    return (await this.records.findOneAndUpdate(mine, change, { returnDocument: 'after' })) ?? undefined;
  }

  end(record: BulkRecord, state: BulkState, now: Date, error?: string): Promise<BulkRecord | undefined> {
    return this.change(record, { $set: { ...endOf(state, now), ...(error !== undefined && { error }) } });
  }
}

function endOf(state: BulkState, now: Date) {
  return { state, endedAt: now, expiresAt: new Date(now.getTime() + keptMs) };
}
