import type { Collection, Db } from 'mongodb';
import type { RateLimit } from '../../catalog';

export const controlCollectionName = 'taskControl';

interface PauseRecord {
  _id: string;
  all?: boolean;
  types?: string[];
}

/** What is paused, over all roles. */
export interface Paused {
  all: boolean;
  types: ReadonlySet<string>;
}

const recordId = 'pauses';

/** Which task types are paused, kept in the database so that every role obeys. */
export class Pauses {
  private readonly collection: Collection<PauseRecord>;

  constructor(db: Db) {
    this.collection = db.collection(controlCollectionName);
  }

  async read(): Promise<Paused> {
    const record = await this.collection.findOne({ _id: recordId });
    return { all: record?.all === true, types: new Set(record?.types ?? []) };
  }

  /** Pauses one type, or all. */
  async pause(taskType?: string): Promise<void> {
    const change = taskType === undefined ? { $set: { all: true } } : { $addToSet: { types: taskType } };
    await this.collection.updateOne({ _id: recordId }, change, { upsert: true });
  }

  /** Resumes one type, or everything that was paused. */
  async resume(taskType?: string): Promise<void> {
    const change = taskType === undefined ? { $set: { all: false, types: [] } } : { $pull: { types: taskType } };
    await this.collection.updateOne({ _id: recordId }, change, { upsert: true });
  }
}

interface Window {
  _id: string;
  windowEnd: Date;
  used: number;
  granted: number;
}

/** How many starts were granted, and when there will be more. */
export interface Grant {
  granted: number;
  windowEnd: Date;
}

/** Rate limits over all roles: a window for each type, kept in the database and judged by its clock. */
export class RateLimits {
  private readonly collection: Collection<Window>;

  constructor(db: Db) {
    this.collection = db.collection(controlCollectionName);
  }

  /** Asks for `wanted` starts of a type; gets as many as the window still has. Atomic between roles. */
  async reserve(taskType: string, wanted: number, { max, per }: RateLimit): Promise<Grant> {
    const isOver = { $lte: [{ $ifNull: ['$windowEnd', new Date(0)] }, '$$NOW'] };
    const left = { $max: [0, { $subtract: [max, '$used'] }] };
    const window = await this.collection.findOneAndUpdate(
      { _id: idOf(taskType) },
      [
        {
          $set: {
            windowEnd: { $cond: [isOver, { $add: ['$$NOW', per] }, '$windowEnd'] },
            used: { $cond: [isOver, 0, '$used'] },
          },
        },
        { $set: { granted: { $min: [wanted, left] } } },
        { $set: { used: { $add: ['$used', '$granted'] } } },
      ],
      { upsert: true, returnDocument: 'after' },
    );
    if (!window) throw new Error(`no rate window for ${taskType}, although it was to be made`);
    return window;
  }

  /** Gives back what was granted and not used, if the window is still the same. */
  async giveBack(taskType: string, count: number, { windowEnd }: Grant): Promise<void> {
    if (count > 0) await this.collection.updateOne({ _id: idOf(taskType), windowEnd }, { $inc: { used: -count } });
  }
}

const idOf = (taskType: string) => `rate:${taskType}`;
