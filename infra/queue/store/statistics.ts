import type { AnyBulkWriteOperation, Collection, Db } from 'mongodb';
import type { Clock } from '../../database';
import {
  addCell,
  addCount,
  addDuration,
  type Cell,
  emptyCell,
  type Minutes,
  rolledUp,
  type StatisticCount,
  type StatisticLevel,
  statisticLevels,
  stepOf,
} from '../model/statistics';

export const statisticsCollectionName = 'taskStatistics';

/** `taskType: null` is the sum of all types. A key of its own index: no other is needed to read a series. */
export interface StatisticKey {
  level: StatisticLevel;
  taskType: string | null;
  at: Date;
}

export type StatisticRecord = { _id: StatisticKey } & { [K in StatisticCount]?: number } & Partial<
    Omit<Cell, 'counts'>
  >;

/**
 * What happens to tasks, by type and minute: collected in memory, and added by `flush` to the minute, the hour and the
 * day in one write. Many processes add to the same records. What a process that is killed has counted since its last
 * flush is missing.
 */
export class Statistics {
  private readonly collection: Collection<StatisticRecord>;
  private pending = new Map<string | null, Minutes>();
  /** What the task before was counted in: mostly the next one is, too. */
  private last: { taskType: string; at: number; cell: Cell } | undefined;

  constructor(
    db: Db,
    private readonly clock: Clock,
    /** The types that have records of their own. Others, which somebody has made up, are in the sum only. */
    private readonly catalog: object,
  ) {
    this.collection = db.collection(statisticsCollectionName);
  }

  async ensureIndexes(): Promise<void> {
    await this.collection.createIndexes([{ name: 'retention', key: { expiresAt: 1 }, expireAfterSeconds: 0 }]);
  }

  count(taskType: string, what: StatisticCount, count = 1): void {
    if (count > 0) addCount(this.cellOf(taskType), what, count);
  }

  /** @param ms a task has waited for so long, or an attempt at one has taken so long. */
  observe(taskType: string, what: 'wait' | 'run', ms: number): void {
    if (Number.isFinite(ms)) addDuration(this.cellOf(taskType), what, ms);
  }

  /** Writes what has come together. What cannot be written stays for the next time. */
  async flush(): Promise<void> {
    const { pending } = this;
    if (pending.size === 0) return;
    this.pending = new Map();
    this.last = undefined;
    try {
      await this.collection.bulkWrite(operationsFor(pending), { ordered: false });
    } catch (error) {
      for (const [taskType, minutes] of pending)
        for (const [at, cell] of minutes) addCell(this.cellAt(taskType, at), cell);
      throw error;
    }
  }

  private cellOf(taskType: string): Cell {
    const at = stepOf('minute', this.clock.now().getTime());
    if (this.last?.taskType === taskType && this.last.at === at) return this.last.cell;
    const cell = this.cellAt(Object.hasOwn(this.catalog, taskType) ? taskType : null, at);
    this.last = { taskType, at, cell };
    return cell;
  }

  private cellAt(taskType: string | null, at: number): Cell {
    const minutes: Minutes = this.pending.get(taskType) ?? new Map();
    const cell = minutes.get(at);
    if (cell) return cell;
    const fresh = emptyCell();
    this.pending.set(taskType, minutes.set(at, fresh));
    return fresh;
  }
}

function operationsFor(pending: ReadonlyMap<string | null, Minutes>): AnyBulkWriteOperation<StatisticRecord>[] {
  const levels = Object.keys(statisticLevels) as StatisticLevel[];
  return [...withSum(pending)].flatMap(([taskType, minutes]) =>
    levels.flatMap(level => [...rolledUp(minutes, level)].map(([at, cell]) => addition({ level, taskType, at }, cell))),
  );
}

/** All types together are a series of their own: a page that shows them reads no more than for one. */
function withSum(pending: ReadonlyMap<string | null, Minutes>): Map<string | null, Minutes> {
  const sum: Minutes = new Map();
  for (const [at, cell] of [...pending.values()].flatMap(minutes => [...minutes])) {
    const total = sum.get(at) ?? emptyCell();
    addCell(total, cell);
    sum.set(at, total);
  }
  return new Map(pending).set(null, sum);
}

function addition(
  { level, taskType, at }: Omit<StatisticKey, 'at'> & { at: number },
  { counts, wait, waitMs, run, runMs }: Cell,
): AnyBulkWriteOperation<StatisticRecord> {
  const { stepMs, keepMs } = statisticLevels[level];
  const $inc = { ...counts, ...within('wait', wait), ...within('run', run), ...sums({ waitMs, runMs }) };
  const $setOnInsert = { expiresAt: new Date(at + stepMs + keepMs) };
  const _id = { level, taskType, at: new Date(at) };
  return { updateOne: { filter: { _id }, update: { $inc, $setOnInsert } as object, upsert: true } };
}

const within = (name: string, histogram: Record<string, number>) =>
  Object.fromEntries(Object.entries(histogram).map(([bucket, count]) => [`${name}.${bucket}`, count]));

const sums = (all: Record<string, number>) => Object.fromEntries(Object.entries(all).filter(([, sum]) => sum > 0));
