import type { Collection, Db } from 'mongodb';
import { isDuplicateKey } from './errors';
import type { Within } from './within';

/**
 * One run, in the form that the package has always written. It has the last two fields only if a process died in it.
 */
export interface HistoryRecord {
  _id: string;
  intendedAt: Date;
  name: string;
  startedAt: Date;
  finishedAt?: Date;
  result?: unknown;
  /** The stack of the job's error, or the thrown value. */
  error?: unknown;
  /** How often it was started, from 2 on: all starts but the last died in the middle. */
  attempts?: number;
  /** When it was started for the last time. */
  restartedAt?: Date;
}

/** What is used of a `Mongo.Collection`. */
export interface HistoryCollection {
  insertAsync(document: object): Promise<unknown>;
  updateAsync(selector: object, modifier: object): Promise<number>;
  findOneAsync(selector: object, options?: object): Promise<unknown>;
  rawCollection(): Pick<Collection, 'createIndex' | 'indexes'>;
  rawDatabase(): Db;
}

/** The records of all runs. The unique index on name and time gives a run to one process only. */
export class History {
  constructor(
    readonly collection: HistoryCollection,
    private readonly within: Within,
  ) {}

  async find(name: string, intendedAt: Date): Promise<HistoryRecord | undefined> {
    return (await this.within(this.collection.findOneAsync({ name, intendedAt }))) as HistoryRecord | undefined;
  }

  /** The entry's newest run of those that were due before an instant. */
  async newestBefore(name: string, before: Date): Promise<HistoryRecord | undefined> {
    const earlier = { name, intendedAt: { $lt: before } };
    return (await this.within(this.collection.findOneAsync(earlier, { sort: { intendedAt: -1 } }))) as
      | HistoryRecord
      | undefined;
  }

  /** @returns the record of the run, or undefined if another process has it already */
  async claim(name: string, intendedAt: Date, startedAt: Date): Promise<HistoryRecord | undefined> {
    try {
      const _id = (await this.within(this.collection.insertAsync({ intendedAt, name, startedAt }))) as string;
      return { _id, intendedAt, name, startedAt };
    } catch (error) {
      if (isDuplicateKey(error)) return undefined;
      throw error;
    }
  }

  /**
   * Records that a run whose process died starts again.
   *
   * @returns the record as it is now, or undefined when the run has ended after all
   */
  async restart(record: HistoryRecord, restartedAt: Date): Promise<HistoryRecord | undefined> {
    const attempts = (record.attempts ?? 1) + 1;
    const unfinished = { ...current(record), finishedAt: { $exists: false } };
    const matched = await this.within(this.collection.updateAsync(unfinished, { $set: { attempts, restartedAt } }));
    return matched === 1 ? { ...record, attempts, restartedAt } : undefined;
  }

  /**
   * Writes the end of a run. If its record has expired while the job ran (`renewed`), writes the whole record again.
   *
   * @returns `lost` if another process has taken the run over: then the record belongs to that one
   */
  async finish(
    record: HistoryRecord,
    fields: { finishedAt: Date; result?: unknown; error?: unknown },
  ): Promise<'kept' | 'renewed' | 'lost'> {
    if ((await this.within(this.collection.updateAsync(current(record), { $set: fields }))) === 1) return 'kept';
    try {
      await this.within(this.collection.insertAsync({ ...record, ...fields }));
      return 'renewed';
    } catch (error) {
      if (isDuplicateKey(error)) return 'lost';
      throw error;
    }
  }
}

/** Each attempt writes only to its own state of the record. */
function current({ _id, attempts }: HistoryRecord): object {
  return { _id, attempts: attempts ?? { $exists: false } };
}
