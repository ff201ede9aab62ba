import type { QueueCore } from './queue-core';
import type { LiveCount } from './store/task-store';
import { type TaskState, taskStates } from './task';
import { TaskCounters, type TypeCounters } from './task-counters';

/** Numbers of tasks by state. Scheduled, queued and running are those of now; the others are totals since ever. */
export type StateCounts = Record<TaskState, number>;

export interface QueueCounts {
  total: StateCounts;
  byType: Record<string, StateCounts & { /** When the oldest queued one became due. */ oldestQueued?: Date }>;
  /** Some live count has reached this limit and means "at least". */
  limit: number;
  limited: boolean;
}

/** A live count stops here: the page that shows it must not cost more the longer the queue is. */
export const countLimit = 10_000;

/** Counts the queue by bounded queries (what waits and runs) and kept counters (what has finished). */
export async function countQueue({ db, store, memory }: QueueCore, limit = countLimit): Promise<QueueCounts> {
  const [persistent, inMemory, finished] = await Promise.all([
    store.countLive(limit),
    memory.countLive(limit),
    new TaskCounters(db).read(),
  ]);
  const live = [...persistent, ...inMemory];
  const counts: QueueCounts = { total: none(), byType: {}, limit, limited: live.some(({ count }) => count >= limit) };
  for (const count of live) addLive(counts, count);
  for (const counters of finished) addFinished(counts, counters);
  return counts;
}

function addLive(counts: QueueCounts, { taskType, state, count, oldest }: LiveCount): void {
  const ofType = typeOf(counts, taskType);
  ofType[state] += count;
  counts.total[state] += count;
  if (oldest && (!ofType.oldestQueued || oldest < ofType.oldestQueued)) ofType.oldestQueued = oldest;
}

function addFinished(counts: QueueCounts, counters: TypeCounters): void {
  const ofType = typeOf(counts, counters._id);
  for (const state of ['done', 'failed', 'cancelled', 'rejected'] as const) {
    ofType[state] += counters[state] ?? 0;
    counts.total[state] += counters[state] ?? 0;
  }
}

function typeOf(counts: QueueCounts, taskType: string): QueueCounts['byType'][string] {
  counts.byType[taskType] ??= none();
  return counts.byType[taskType];
}

function none(): StateCounts {
  return Object.fromEntries(taskStates.map(state => [state, 0])) as StateCounts;
}
