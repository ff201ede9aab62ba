import { isLive, type Task } from '../model/task';
import type { MemoryTable } from './memory-table';
import type { KnownType, LiveCount } from './task-store';

/** What waits and runs, by type and state. */
export function countLiveTasks(table: MemoryTable, limit: number): LiveCount[] {
  const counts = new Map<string, LiveCount>();
  for (const task of table.all()) if (isLive(task)) countIn(counts, task, limit);
  return [...counts.values()];
}

function countIn(counts: Map<string, LiveCount>, { taskType, state, dueDate }: Task, limit: number): void {
  const key = `${taskType} ${state}`;
  const seen = counts.get(key) ?? { taskType, state: state as LiveCount['state'], count: 0 };
  const oldest = state === 'queued' && (!seen.oldest || dueDate < seen.oldest) ? { oldest: dueDate } : {};
  counts.set(key, { ...seen, count: Math.min(limit, seen.count + 1), ...oldest });
}

/** Up to ten queued types, or versions of types, that `known` does not cover. */
export function findUnknownTypes(table: MemoryTable, known: readonly KnownType[]): KnownType[] {
  const versions = new Map(known.map(({ taskType, version }) => [taskType, version]));
  const isUnknown = ({ state, taskType, catalogVersion }: Task) =>
    state === 'queued' && catalogVersion > (versions.get(taskType) ?? 0);
  return table
    .search(isUnknown)
    .slice(0, 10)
    .map(({ taskType, catalogVersion }) => ({ taskType, version: catalogVersion }));
}
