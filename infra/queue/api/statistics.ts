import { show } from '../../errors/plain-error';
import { percentile } from '../model/durations';
import {
  addCell,
  type Cell,
  emptyCell,
  type StatisticCount,
  type StatisticLevel,
  statisticCounts,
  statisticLevels,
  stepOf,
} from '../model/statistics';
import { type StatisticRecord, statisticsCollectionName } from '../store/statistics';
import type { QueueCore } from './queue-core';

/** How long something took, in milliseconds; percentiles are right within a tenth. */
export interface Durations {
  count: number;
  meanMs: number;
  p50Ms: number;
  p95Ms: number;
}

/** What happened in a time: how often, and how long tasks waited and attempts took (undefined where there were none). */
export type Figures = Record<StatisticCount, number> & { wait?: Durations; run?: Durations };

export interface SeriesQuery {
  level: StatisticLevel;
  /** Default: all types together. */
  taskType?: string;
  from: Date;
  /** Default: now. */
  until?: Date;
}

export interface Series {
  /** One for each step from `from` on, those in which nothing happened too. */
  points: ({ at: Date } & Figures)[];
  /** All of them together. */
  whole: Figures;
}

/** No answer has more steps than this: a day in minutes, or two years in days. */
const mostSteps = 1_500;
const mostRecords = 20_000;
const maxTimeMS = 5_000;

/** Reads what has been counted of tasks, as old as their retention: minutes for a day, hours for 31, days for two years. */
export class StatisticsReader {
  constructor(private readonly core: () => QueueCore) {}

  /**
   * What happened step by step.
   *
   * @throws RangeError where that are more than 1,500 steps; TypeError where the query is none.
   */
  async series({ level, taskType, from, until }: SeriesQuery): Promise<Series> {
    const range = rangeOf(level, from, until ?? this.core().clock.now());
    const cells = new Map<number, Cell>();
    for (const record of await this.read([keysOf(level, taskType ?? null, range)], mostSteps))
      cells.set(record._id.at.getTime(), cellOf(record));
    const points = range.steps.map(at => ({ at: new Date(at), ...figuresOf(cells.get(at) ?? emptyCell()) }));
    return { points, whole: figuresOf(sumOf([...cells.values()])) };
  }

  /**
   * What happened in that time, for each type of the catalog of which anything is known.
   *
   * @throws RangeError where that are more than 20,000 steps in all.
   */
  async byType({ level, from, until }: Omit<SeriesQuery, 'taskType'>): Promise<Map<string, Figures>> {
    const { catalog, clock } = this.core();
    const types = Object.keys(catalog);
    const range = rangeOf(level, from, until ?? clock.now());
    if (range.steps.length * types.length > mostRecords)
      throw new RangeError(`byType: ${range.steps.length} steps of ${types.length} types are too many; ask for fewer`);
    const records = await this.read(
      types.map(taskType => keysOf(level, taskType, range)),
      mostRecords,
    );
    const sums = new Map<string, Cell[]>();
    for (const record of records) {
      const taskType = record._id.taskType as string;
      sums.set(taskType, [...(sums.get(taskType) ?? []), cellOf(record)]);
    }
    return new Map([...sums].map(([taskType, cells]) => [taskType, figuresOf(sumOf(cells))]));
  }

  private read(keys: readonly object[], limit: number): Promise<StatisticRecord[]> {
    const collection = this.core().db.collection<StatisticRecord>(statisticsCollectionName);
    const filter = (keys.length === 1 ? keys[0] : { $or: keys }) as object;
    return keys.length === 0
      ? Promise.resolve([])
      : collection.find(filter).hint({ _id: 1 }).limit(limit).maxTimeMS(maxTimeMS).toArray();
  }
}

interface Range {
  steps: number[];
  after: number;
}

function rangeOf(level: StatisticLevel, from: Date, until: Date): Range {
  if (!Object.hasOwn(statisticLevels, level))
    throw new TypeError(`level: ${show(level)} is none of ${Object.keys(statisticLevels).join(', ')}`);
  for (const [name, date] of Object.entries({ from, until }))
    if (!(date instanceof Date) || Number.isNaN(date.getTime()))
      throw new TypeError(`${name}: ${show(date)} is not a date`);
  const { stepMs } = statisticLevels[level];
  const first = stepOf(level, from.getTime());
  const count = Math.max(0, Math.floor((until.getTime() - first) / stepMs) + 1);
  if (count > mostSteps)
    throw new RangeError(
      `from: more than ${mostSteps} steps of a ${level} lie between it and until; take a longer level`,
    );
  return { steps: Array.from({ length: count }, (_, index) => first + index * stepMs), after: first + count * stepMs };
}

function keysOf(level: StatisticLevel, taskType: string | null, { steps: [first = 0], after }: Range): object {
  const key = (at: number) => ({ level, taskType, at: new Date(at) });
  return { _id: { $gte: key(first), $lt: key(after) } };
}

function cellOf({ _id, wait = {}, waitMs = 0, run = {}, runMs = 0, ...counts }: StatisticRecord): Cell {
  return { counts, wait, waitMs, run, runMs };
}

function sumOf(cells: readonly Cell[]): Cell {
  const sum = emptyCell();
  for (const cell of cells) addCell(sum, cell);
  return sum;
}

function figuresOf({ counts, wait, waitMs, run, runMs }: Cell): Figures {
  const all = Object.fromEntries(statisticCounts.map(what => [what, counts[what] ?? 0]));
  const [waited, ran] = [durationsOf(wait, waitMs), durationsOf(run, runMs)];
  return { ...all, ...(waited && { wait: waited }), ...(ran && { run: ran }) } as Figures;
}

function durationsOf(histogram: Cell['wait'], sumMs: number): Durations | undefined {
  const count = Object.values(histogram).reduce((sum, one) => sum + one, 0);
  if (count === 0) return undefined;
  const at = (share: number) => percentile(histogram, share) ?? 0;
  return { count, meanMs: sumMs / count, p50Ms: at(0.5), p95Ms: at(0.95) };
}
