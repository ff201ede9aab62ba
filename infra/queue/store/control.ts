import type { Collection, Db } from 'mongodb';

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
