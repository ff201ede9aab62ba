import { isLive, type Task } from '../model/task';
import type { MemoryTable } from './memory-table';
import { type KnownType, type LiveCount, type Selector, versionsOf } from './task-store';

type Comparison = (value: unknown, operand: never) => boolean;

const comparisons: Record<string, Comparison> = {
  $eq: (value, operand) => equal(value, operand),
  $ne: (value, operand) => !equal(value, operand),
  $in: (value, operand: unknown[]) => operand.some(one => equal(value, one)),
  $nin: (value, operand: unknown[]) => !operand.some(one => equal(value, one)),
  $gt: (value, operand) => (value as number) > operand,
  $gte: (value, operand) => (value as number) >= operand,
  $lt: (value, operand) => (value as number) < operand,
  $lte: (value, operand) => (value as number) <= operand,
  $exists: (value, operand) => (value !== undefined) === operand,
};

/**
 * Whether a task in memory matches a selector of fields (dotted paths) and the plain comparisons.
 *
 * @throws where the selector has an operator that memory does not know, instead of matching too much.
 */
export function matches(document: object, selector: Selector): boolean {
  return Object.entries(selector).every(([path, condition]) => {
    if (path.startsWith('$')) throw new Error(`selector: ${path} is not known to tasks in memory`);
    return matchesField(valueAt(document, path), condition);
  });
}

function matchesField(value: unknown, condition: unknown): boolean {
  if (!isOperators(condition)) return equal(value, condition);
  return Object.entries(condition).every(([operator, operand]) => {
    const compare = comparisons[operator];
    if (!compare) throw new Error(`selector: ${operator} is not known to tasks in memory`);
    return compare(value, operand as never);
  });
}

function isOperators(condition: unknown): condition is Record<string, unknown> {
  return typeof condition === 'object' && condition !== null && Object.keys(condition).some(key => key.startsWith('$'));
}

function equal(a: unknown, b: unknown): boolean {
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  return a === b || (a === undefined && b === null);
}

function valueAt(document: unknown, path: string): unknown {
  return path.split('.').reduce((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);
}

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
  const versions = versionsOf(known);
  const isUnknown = ({ state, taskType, catalogVersion }: Task) =>
    state === 'queued' && catalogVersion > (versions.get(taskType) ?? 0);
  return table
    .search(isUnknown)
    .slice(0, 10)
    .map(({ taskType, catalogVersion }) => ({ taskType, version: catalogVersion }));
}
