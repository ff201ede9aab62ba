import type { Collection, Db, Document } from 'mongodb';
import type { LimitOverride } from '../model/type-limits';

export const controlCollectionName = 'taskControl';

interface PauseRecord {
  _id: string;
  all?: boolean;
  types?: string[];
  bulkWork?: boolean;
  limits?: LimitOverride[];
}

/** What is paused, over all roles. */
export interface Paused {
  all: boolean;
  types: ReadonlySet<string>;
  /** Whether there is work on many tasks to be carried out: said here, where roles look anyway. */
  bulkWork: boolean;
  /** What was changed of the limits of types at run time: here for the same reason. */
  overrides: readonly LimitOverride[];
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
    const { all, types = [], bulkWork, limits = [] } = record ?? {};
    return { all: all === true, types: new Set(types), bulkWork: bulkWork === true, overrides: limits };
  }

  /** Pauses one type, or all. */
  async pause(taskType?: string): Promise<void> {
    const change = taskType === undefined ? { $set: { all: true } } : { $addToSet: { types: taskType } };
    await this.collection.updateOne({ _id: recordId }, change, { upsert: true });
  }

  /** Changes the limits of a type, whatever they were changed to before. */
  async override(override: LimitOverride): Promise<void> {
    const limits = { $concatArrays: [limitsWithout(override.taskType), [{ $literal: override }]] };
    await this.collection.updateOne({ _id: recordId }, [{ $set: { limits } }], { upsert: true });
  }

  /** @returns whether they were changed. */
  async resetLimits(taskType: string): Promise<boolean> {
    const change = { $pull: { limits: { taskType } } };
    return (await this.collection.updateOne({ _id: recordId }, change)).modifiedCount > 0;
  }

  async announceBulkWork(): Promise<void> {
    await this.collection.updateOne({ _id: recordId }, { $set: { bulkWork: true } }, { upsert: true });
  }

  async forgetBulkWork(): Promise<void> {
    await this.collection.updateOne({ _id: recordId, bulkWork: true }, { $unset: { bulkWork: '' } });
  }

  /** Resumes one type, or everything that was paused. */
  async resume(taskType?: string): Promise<void> {
    const change = taskType === undefined ? { $set: { all: false, types: [] } } : { $pull: { types: taskType } };
    await this.collection.updateOne({ _id: recordId }, change, { upsert: true });
  }
}

const limitsWithout = (taskType: string): Document => ({
  $filter: { input: { $ifNull: ['$limits', []] }, cond: { $ne: ['$$this.taskType', { $literal: taskType }] } },
});
