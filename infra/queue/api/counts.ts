import { type TaskState, taskStates } from '../model/task';
import { IndexMissingError, isIndexMissing } from '../store/database-errors';
import { TaskCounters, type TypeCounters } from '../store/task-counters';
import type { LiveCount } from '../store/task-store';
import type { QueueCore } from './queue-core';

/** Numbers of tasks by state. Scheduled, queued and running are those of now; the others are all-time totals. */
export type StateCounts = Record<TaskState, number>;

export interface QueueCounts {
  total: StateCounts;
  byType: Record<string, StateCounts & { /** When the oldest queued one became due. */ oldestQueued?: Date }>;
  /** Some live count has reached this limit and means "at least": of a type that is queued, of all types in another state. */
  limit: number;
  limited: boolean;
}

/** A live count stops here: the page that shows it must not cost more the longer the queue is. */
export const countLimit = 10_000;

/** Counts the queue by bounded queries (what waits and runs) and kept counters (what has finished). */
export async function countQueue({ db, store, memory }: QueueCore, limit = countLimit): Promise<QueueCounts> {
  const [persistent, inMemory, finished] = await Promise.all([
    store.countLive(limit).catch(tellMissingIndex),
    memory.countLive(limit),
    new TaskCounters(db).read(),
  ]);
  const live = [...persistent, ...inMemory];
  const total = none();
  const byType: CountsByType = new Map();
  for (const count of live) addLive(total, byType, count);
  for (const counters of finished) addFinished(total, byType, counters);
  const limited = live.some(({ count }) => count >= limit) || countedTogether.some(isCut(persistent, limit));
  return { total, byType: Object.fromEntries(byType), limit, limited };
}

/** The database counts these over all types: the limit cuts off some type, and none need have reached it by itself. */
const countedTogether = ['scheduled', 'waiting', 'running'] as const;

function isCut(counts: readonly LiveCount[], limit: number): (state: TaskState) => boolean {
  return of => counts.reduce((sum, { state, count }) => (state === of ? sum + count : sum), 0) >= limit;
}

function tellMissingIndex(error: unknown): never {
  throw isIndexMissing(error) ? new IndexMissingError('counts', error) : error;
}

/** A map, since types come from the database: a forged one called `__proto__` would write into every object. */
type CountsByType = Map<string, QueueCounts['byType'][string]>;

function addLive(total: StateCounts, byType: CountsByType, { taskType, state, count, oldest }: LiveCount): void {
  const ofType = typeOf(byType, taskType);
  ofType[state] += count;
  total[state] += count;
  if (oldest && (!ofType.oldestQueued || oldest < ofType.oldestQueued)) ofType.oldestQueued = oldest;
}

function addFinished(total: StateCounts, byType: CountsByType, counters: TypeCounters): void {
  const ofType = typeOf(byType, counters._id);
  for (const state of ['done', 'failed', 'cancelled', 'rejected'] as const) {
    ofType[state] += counters[state] ?? 0;
    total[state] += counters[state] ?? 0;
  }
}

function typeOf(byType: CountsByType, taskType: string): QueueCounts['byType'][string] {
  const ofType = byType.get(taskType) ?? none();
  byType.set(taskType, ofType);
  return ofType;
}

function none(): StateCounts {
  return Object.fromEntries(taskStates.map(state => [state, 0])) as StateCounts;
}
