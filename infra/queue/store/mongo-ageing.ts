import type { Collection, Filter } from 'mongodb';
import type { Task } from '../model/task';
import { rateLineIndex } from './indexes';
import type { AgeingType } from './task-store';

/** Where tasks of a type wait in the queue's order: for a claim, for a slot of a limit, for the rate of a key. Each has its index. */
function linesOf({ taskType, lines }: AgeingType): { filter: Filter<Task>; hint: string }[] {
  const line = {
    slot: {
      filter: { state: 'waiting' as const, waitsFor: 'slot' as const, limitKey: keysOf(taskType) },
      hint: 'slotLine',
    },
    rate: {
      filter: { state: 'waiting' as const, waitsFor: 'rate' as const, rateKey: keysOf(taskType) },
      hint: rateLineIndex,
    },
  };
  return [{ filter: { state: 'queued', taskType }, hint: 'claim' }, ...lines.map(name => line[name])];
}

/** 0 is the sign after /: whatever the values of the key. */
const keysOf = (taskType: string) => ({ $gte: `${taskType}/`, $lt: `${taskType}0` });

const waitsSince = (dueBefore: Date) => ({ dueDate: { $gte: new Date(-8.64e15), $lt: dueBefore } });

/**
 * Raises tasks of a type that have been due since before a date to a priority. The index is skipped through: each priority
 * that is queued costs one step, however many tasks have not waited so long.
 *
 * @returns how many have risen.
 */
export async function raiseTasks(
  collection: Collection<Task>,
  type: AgeingType,
  dueBefore: Date,
  to: number,
  limit: number,
): Promise<number> {
  let risen = 0;
  for (const { filter, hint } of linesOf(type)) {
    const late = { ...filter, priority: { $lt: to }, ...waitsSince(dueBefore) } as Filter<Task>;
    const found = collection.find(late).hint(hint).limit(limit).project<{ _id: string }>({ _id: 1 });
    const ids = (await found.toArray()).map(({ _id }) => _id);
    if (ids.length === 0) continue;
    const which = { ...filter, _id: { $in: ids }, priority: { $lt: to } } as Filter<Task>;
    risen += (await collection.updateMany(which, { $set: { priority: to } })).modifiedCount;
  }
  return risen;
}

/** Whether any task of a type has been due since before a date. */
export async function isWaitingSince(
  collection: Collection<Task>,
  type: AgeingType,
  dueBefore: Date,
): Promise<boolean> {
  for (const { filter, hint } of linesOf(type)) {
    const late = { ...filter, ...waitsSince(dueBefore) } as Filter<Task>;
    if (await collection.findOne(late, { hint, projection: { _id: 1 } })) return true;
  }
  return false;
}
