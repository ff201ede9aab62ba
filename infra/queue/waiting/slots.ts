import type { Collection } from 'mongodb';
import { type AnyCatalog, optionsOf } from '../../catalog';
import { groupBy } from '../model/group-by';
import { compareTasks } from '../model/order';
import type { Task } from '../model/task';
import { slotOf, typeOfKey } from '../model/waiting';
import { isDatabaseAway } from '../store/database-errors';
import { admitToSlots } from '../store/mongo-slots';
import type { Inserted, Insertion } from '../store/task-store';

/** What slots are given by: the queue's core has it. */
export interface SlotDeps {
  readonly catalog: AnyCatalog;
  readonly store: { readonly collection: Collection<Task> };
}

/**
 * Gives tasks that are to be added a slot each, as far as their limits have so many: those that meet a free one are queued
 * by their very insertion. Whose slot is taken waits in line.
 *
 * @param random from 0 to 1: of several callers each begins with another slot.
 */
export function withSlots<I extends Insertion>(
  catalog: AnyCatalog,
  insertions: readonly I[],
  random = Math.random(),
): I[] {
  const inLine = insertions.flatMap(({ task }) => (task.waitsFor === 'slot' ? task : []));
  if (inLine.length === 0) return [...insertions];
  const slots = new Map<Task, string>();
  for (const tasks of groupBy(inLine, ({ limitKey }) => limitKey!)) {
    const limitKey = tasks[0]!.limitKey!;
    const max = maxOf(catalog, limitKey) ?? 0;
    const first = tasks.sort(compareTasks).slice(0, max);
    const from = Math.floor(random * max);
    for (const [index, task] of first.entries()) slots.set(task, slotOf(limitKey, (from + index) % max));
  }
  return insertions.map(insertion => {
    const slot = slots.get(insertion.task);
    if (slot === undefined) return insertion;
    const { waitsFor: _, ...task } = insertion.task;
    return { ...insertion, task: { ...task, state: 'queued', slot } };
  });
}

/** Those of the added that wait, as they are now. */
export function joined(insertions: readonly Insertion[], results: readonly Inserted[]): Task[] {
  return insertions.flatMap(({ task }, index) => {
    const result = results[index];
    if (result?.kind !== 'added') return [];
    return result.waits ? { ...task, state: 'waiting', waitsFor: 'slot' } : task.state === 'waiting' ? task : [];
  });
}

/** At once: each is three small questions. */
const linesAtOnce = 10;

/**
 * Lets in who waits for a slot of these limits, as far as there are any. A line that fails holds up none behind it.
 *
 * @returns how many.
 * @throws the first failure, when all have been looked at.
 */
export async function admit({ catalog, store }: SlotDeps, limitKeys: readonly string[]): Promise<number> {
  const failures: unknown[] = [];
  let admitted = 0;
  for (let from = 0; from < limitKeys.length; from += linesAtOnce) {
    const some = limitKeys.slice(from, from + linesAtOnce);
    const results = await Promise.allSettled(
      some.map(limitKey => {
        const max = maxOf(catalog, limitKey);
        // A type that has lost its limit, or that this role doesn't know: whoever has it in its catalog lets it in.
        return max === undefined ? 0 : admitToSlots(store.collection, limitKey, max, takesTurns(catalog, limitKey));
      }),
    );
    for (const result of results)
      if (result.status === 'fulfilled') admitted += result.value;
      else failures.push(result.reason);
    // Where the database is away, no other line fares better.
    if (failures.some(isDatabaseAway)) break;
  }
  if (failures.length > 0) throw failures[0];
  return admitted;
}

/** Where what waits rises by its age, that decides: it counts from the due date. */
const takesTurns = (catalog: AnyCatalog, limitKey: string) =>
  optionsOf(catalog, typeOfKey(limitKey)).maxWait === undefined;

/** How many slots a limit has; a type without limits that once had one lets all in. */
function maxOf(catalog: AnyCatalog, limitKey: string): number | undefined {
  const taskType = typeOfKey(limitKey);
  if (!Object.hasOwn(catalog, taskType)) return undefined;
  return optionsOf(catalog, taskType).slots?.max ?? Number.MAX_SAFE_INTEGER;
}
