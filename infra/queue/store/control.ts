import type { Collection, Db, Document } from 'mongodb';
import { show } from '../../errors/plain-error';
import { findOverrideProblems, type LimitOverride } from '../model/type-limits';

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
  /** What somebody has written there that is none of this: it is left out. */
  problems: readonly string[];
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
    const types = parseList<string>('types', record?.types, findNameProblems);
    const limits = parseList<LimitOverride>('limits', record?.limits, findOverrideProblems);
    return {
      all: record?.all === true,
      types: new Set(types.sound),
      bulkWork: record?.bulkWork === true,
      overrides: limits.sound,
      problems: [...types.problems, ...limits.problems],
    };
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
    const changed = { _id: recordId, 'limits.taskType': taskType };
    return (await this.collection.updateOne(changed, change)).modifiedCount > 0;
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
  $filter: {
    input: { $cond: [{ $isArray: '$limits' }, '$limits', []] },
    cond: { $ne: ['$$this.taskType', { $literal: taskType }] },
  },
});

/** What others may have written over keeps no role from the rest. */
function parseList<T>(
  field: keyof PauseRecord,
  value: unknown = [],
  findProblems: (one: unknown, path: string) => string[],
): { sound: T[]; problems: string[] } {
  if (!Array.isArray(value)) return { sound: [], problems: [`${field}: ${show(value)} is not a list`] };
  const problems = value.map((one, index) => findProblems(one, `${field}.${index}`));
  return { sound: value.filter((_, index) => problems[index]?.length === 0), problems: problems.flat() };
}

function findNameProblems(value: unknown, path: string): string[] {
  return typeof value === 'string' ? [] : [`${path}: ${show(value)} is not the name of a task type`];
}
