import type { Collection, Db, Filter, IndexDescription } from 'mongodb';
import { groupBy } from '../queue/model/group-by';
import type { KnownType } from '../queue/store/task-store';
import { runsKept, type ScheduleRun, type StoredSchedule } from './stored-schedule';

export const schedulesCollectionName = 'taskSchedules';

/** Finds due schedules by their time. A paused or ended schedule has no `dueAt`, and costs nothing. */
const indexes: IndexDescription[] = [
  { name: 'due', key: { dueAt: 1 }, partialFilterExpression: { dueAt: { $exists: true } } },
];

/** The outcome of a run: the tasks that were added, and when the schedule is due again. */
export interface Advance {
  schedule: StoredSchedule;
  runs: ScheduleRun[];
  next?: { intendedAt: Date; dueAt: Date };
  /** The reason for which it stops for good. */
  problem?: string;
  /** Whether it missed runs. */
  missed?: boolean;
}

/** The stored schedules. A change of one is one write, and a run is recorded only by the role that has claimed it. */
export class ScheduleStore {
  readonly collection: Collection<StoredSchedule>;

  constructor(db: Db) {
    this.collection = db.collection(schedulesCollectionName);
  }

  async ensureIndexes(): Promise<void> {
    await this.collection.createIndexes(indexes);
  }

  /** When the first schedule of these task types is due. */
  async earliest(types: readonly KnownType[]): Promise<Date | undefined> {
    const filter = { dueAt: { $exists: true }, ...ofKnown(types) };
    const options = { sort: { dueAt: 1 }, projection: { dueAt: 1 } } as const;
    return (await this.collection.findOne(filter, options))?.dueAt;
  }

  /**
   * Claims due schedules for `claimMs`, the most overdue first; after that time another role may claim them.
   *
   * @param claim a fresh token.
   */
  async claim(
    types: readonly KnownType[],
    now: Date,
    { claim, claimMs, limit }: { claim: string; claimMs: number; limit: number },
  ): Promise<StoredSchedule[]> {
    const isDue: Filter<StoredSchedule> = { dueAt: { $lte: now }, ...ofKnown(types) };
    const due = await this.collection
      .find(isDue, { projection: { claim: 1 }, batchSize: limit })
      .sort({ dueAt: 1 })
      .limit(limit)
      .toArray();
    if (due.length === 0) return [];
    const begun = new Map(due.map(({ _id, claim: left }) => [_id, left]));
    const ids = [...begun.keys()];
    const dueAt = new Date(now.getTime() + claimMs);
    await this.collection.updateMany({ _id: { $in: ids }, ...isDue }, { $set: { claim, dueAt } });
    const claimed = await this.collection.find({ _id: { $in: ids }, claim }, { batchSize: limit }).toArray();
    // An earlier claim shows that another role has begun this run already.
    return claimed.map(schedule => ({ ...schedule, claim: begun.get(schedule._id) }));
  }

  /** Records the outcome of claimed schedules. One that was changed or claimed again meanwhile stays as it is. */
  async advance(claim: string, advances: readonly Advance[]): Promise<void> {
    if (advances.length === 0) return;
    await this.collection.bulkWrite(
      advances.map(({ schedule: { _id }, runs, next, problem }) => ({
        updateOne: {
          filter: { _id, claim },
          update: {
            $unset: { claim: '' as const, ...(next ? {} : { intendedAt: '' as const, dueAt: '' as const }) },
            ...((next || problem) && { $set: { ...next, ...(problem !== undefined && { problem }) } }),
            ...(runs.length > 0 && { $push: { runs: { $each: runs, $slice: -runsKept } } }),
          },
        },
      })),
      { ordered: false },
    );
  }

  /** A schedule of another type than these, or of a newer version of one, whose run has waited since then. */
  overdue(types: readonly KnownType[], since: Date): Promise<StoredSchedule | null> {
    return this.collection.findOne({ dueAt: { $lte: since }, $nor: [ofKnown(types)] });
  }
}

/** As with tasks: what a newer version of a type has put is for a role that has that version. */
function ofKnown(types: readonly KnownType[]): Filter<StoredSchedule> {
  const byVersion = groupBy(types, ({ version }) => `${version}`);
  const known: Filter<StoredSchedule>[] = byVersion.map(its => ({
    taskType: { $in: its.map(({ taskType }) => taskType) },
    catalogVersion: { $not: { $gt: its[0]!.version } },
  }));
  return known.length > 0 ? { $or: known } : { taskType: { $in: [] } };
}
