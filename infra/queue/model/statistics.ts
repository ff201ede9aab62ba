import { addHistogram, bucketOf, type Histogram } from './durations';

/** What is counted of the tasks of a type. */
export const statisticCounts = [
  'added',
  'started',
  'done',
  'failed',
  'retried',
  'cancelled',
  'rejected',
  'rescued',
  'snoozed',
] as const;
export type StatisticCount = (typeof statisticCounts)[number];

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** How long each level is kept; docs/architecture.md says the same. */
export const statisticLevels = {
  minute: { stepMs: minute, keepMs: day },
  hour: { stepMs: hour, keepMs: 31 * day },
  day: { stepMs: day, keepMs: 731 * day },
} as const;
export type StatisticLevel = keyof typeof statisticLevels;

/** What happened to the tasks of a type, or of all, in one step of a level. */
export interface Cell {
  counts: { [K in StatisticCount]?: number };
  /** How long they waited, from when they could have started to their start. */
  wait: Histogram;
  waitMs: number;
  /** How long attempts took, those that were put off apart. */
  run: Histogram;
  runMs: number;
}

export function emptyCell(): Cell {
  return { counts: {}, wait: {}, waitMs: 0, run: {}, runMs: 0 };
}

export function addCount(to: Cell, what: StatisticCount, count: number): void {
  to.counts[what] = (to.counts[what] ?? 0) + count;
}

export function addDuration(to: Cell, what: 'wait' | 'run', ms: number): void {
  const bucket = bucketOf(ms);
  to[what][bucket] = (to[what][bucket] ?? 0) + 1;
  to[`${what}Ms`] += Math.max(0, Math.round(ms));
}

/** Adds what is in one cell to the other. */
export function addCell(to: Cell, from: Cell): void {
  for (const what of statisticCounts) if (from.counts[what]) addCount(to, what, from.counts[what]);
  addHistogram(to.wait, from.wait);
  addHistogram(to.run, from.run);
  to.waitMs += from.waitMs;
  to.runMs += from.runMs;
}

/** The beginning of the step that a moment falls into, in UTC. */
export function stepOf(level: StatisticLevel, at: number): number {
  const { stepMs } = statisticLevels[level];
  return Math.floor(at / stepMs) * stepMs;
}

/** The cells of one type, by the beginning of their minute. */
export type Minutes = Map<number, Cell>;

/** The same by the steps of a level. */
export function rolledUp(minutes: Minutes, level: StatisticLevel): Map<number, Cell> {
  const steps = new Map<number, Cell>();
  for (const [at, cell] of minutes) {
    const step = stepOf(level, at);
    const sum = steps.get(step) ?? emptyCell();
    addCell(sum, cell);
    steps.set(step, sum);
  }
  return steps;
}
