import type { Collection, Db } from 'mongodb';
import type { Statistics } from './statistics';

export const counterCollectionName = 'taskCounters';

const counted = ['done', 'failed', 'cancelled', 'rejected', 'retried', 'rescued'] as const;
export type Counted = (typeof counted)[number];

/** All-time counts per task type, by outcome. */
export type TypeCounters = { _id: string } & { [K in Counted]?: number } & {
  /** How long an attempt that ends well usually takes: a moving average, in milliseconds. */
  usualMs?: number;
};

/** The weight of the newest duration in the average. */
const newest = 0.1;

/**
 * Kept counters, so that nobody ever counts a collection. Collected in memory and written by `flush`; two roles add to
 * the same ones.
 */
export class TaskCounters {
  private readonly collection: Collection<TypeCounters>;
  private readonly pending = new Map<string, Map<Counted, number>>();
  private readonly usual = new Map<string, number>();

  /** @param statistics count the same, by time. */
  constructor(
    db: Db,
    private readonly statistics?: Pick<Statistics, 'count'>,
  ) {
    this.collection = db.collection(counterCollectionName);
  }

  read(): Promise<TypeCounters[]> {
    return this.collection.find().limit(10_000).toArray();
  }

  /** How long a task of this type usually takes, as roles have written it; undefined while nobody knows. */
  async readUsualMs(taskType: string): Promise<number | undefined> {
    return (await this.collection.findOne({ _id: taskType }))?.usualMs;
  }

  /** Fills the usual durations at start. */
  async load(): Promise<void> {
    for (const { _id, usualMs } of await this.read()) if (usualMs !== undefined) this.usual.set(_id, usualMs);
  }

  add(taskType: string, what: Counted, count = 1): void {
    if (count === 0) return;
    this.statistics?.count(taskType, what, count);
    const ofType = this.pending.get(taskType) ?? new Map<Counted, number>();
    this.pending.set(taskType, ofType.set(what, (ofType.get(what) ?? 0) + count));
  }

  learnDuration(taskType: string, ms: number): void {
    const known = this.usual.get(taskType);
    this.usual.set(taskType, known === undefined ? ms : known + newest * (ms - known));
  }

  /** How long a task of this type usually takes, in milliseconds; 0 while nobody knows. */
  usualMs(taskType: string): number {
    return this.usual.get(taskType) ?? 0;
  }

  /** Writes what has come together. What cannot be written stays for the next time. */
  async flush(): Promise<void> {
    const pending = [...this.pending];
    this.pending.clear();
    if (pending.length === 0) return;
    try {
      await this.collection.bulkWrite(pending.map(([taskType, counts]) => this.increment(taskType, counts)));
    } catch (error) {
      for (const [taskType, counts] of pending) this.putBack(taskType, counts);
      throw error;
    }
  }

  private increment(_id: string, counts: Map<Counted, number>) {
    const usualMs = this.usual.get(_id);
    const update = { $inc: Object.fromEntries(counts), ...(usualMs !== undefined && { $set: { usualMs } }) };
    return { updateOne: { filter: { _id }, update, upsert: true } };
  }

  private putBack(taskType: string, counts: Map<Counted, number>): void {
    const ofType = this.pending.get(taskType) ?? new Map<Counted, number>();
    for (const [what, count] of counts) ofType.set(what, (ofType.get(what) ?? 0) + count);
    this.pending.set(taskType, ofType);
  }
}
