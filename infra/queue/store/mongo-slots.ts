import type { Collection, MongoBulkWriteError } from 'mongodb';
import { queueOrder } from '../model/order';
import type { Task } from '../model/task';
import { slotOf, slotsOf } from '../model/waiting';
import { slotIndex } from './indexes';
import { duplicateKey, writeErrorsOf } from './mongo-insert';

const inLine = { state: 'waiting' as const, waitsFor: 'slot' as const };

/** Not journalled, as a claim: what the database forgets in a crash waits again. */
const writeConcern = { w: 1 };
/** One look lets no more in than this: a limit of a million is none. */
const mostAtOnce = 1_000;
/** Others let tasks in at the same time: who finds a slot taken looks again, and somebody always gets on. */
const tries = 5;

/**
 * Lets tasks in that wait for a slot of a limit, in the queue's order, as far as slots are free: they are queued then.
 * Of those that do so at once, the unique index on the slot lets one have it.
 *
 * @returns how many this call has let in.
 */
export async function admitToSlots(collection: Collection<Task>, limitKey: string, max: number): Promise<number> {
  let admitted = 0;
  for (let time = 0; time < tries; time++) {
    const free = await freeSlots(collection, limitKey, max);
    const first = free.length === 0 ? [] : await firstInLine(collection, limitKey, free.length);
    if (first.length === 0) break;
    const { modified, collided } = await giveSlots(collection, first, free);
    admitted += modified;
    if (!collided && first.length < free.length) break;
  }
  return admitted;
}

async function freeSlots(collection: Collection<Task>, limitKey: string, max: number): Promise<string[]> {
  const found = await collection
    .find({ slot: slotsOf(limitKey) })
    .project<{ slot: string }>({ _id: 0, slot: 1 })
    .hint(slotIndex)
    .toArray();
  const taken = new Set(found.map(({ slot }) => slot).filter(slot => /^\d+$/.test(slot.slice(limitKey.length + 1))));
  const free: string[] = [];
  for (let number = 0; number < max && free.length < Math.min(max - taken.size, mostAtOnce); number++)
    if (!taken.has(slotOf(limitKey, number))) free.push(slotOf(limitKey, number));
  return free;
}

async function firstInLine(collection: Collection<Task>, limitKey: string, limit: number): Promise<string[]> {
  const first = collection
    .find({ ...inLine, limitKey })
    .sort(queueOrder)
    .hint('slotLine')
    .limit(limit);
  return (await first.project<{ _id: string }>({ _id: 1 }).toArray()).map(({ _id }) => _id);
}

async function giveSlots(collection: Collection<Task>, ids: readonly string[], slots: readonly string[]) {
  const operations = ids.map((_id, index) => ({
    updateOne: {
      filter: { _id, ...inLine },
      update: { $set: { state: 'queued' as const, slot: slots[index] as string }, $unset: { waitsFor: '' as const } },
    },
  }));
  try {
    return {
      modified: (await collection.bulkWrite(operations, { ordered: false, writeConcern })).modifiedCount,
      collided: false,
    };
  } catch (error) {
    const writeErrors = writeErrorsOf(error);
    if (writeErrors.length === 0 || writeErrors.some(({ code }) => code !== duplicateKey)) throw error;
    return { modified: (error as MongoBulkWriteError).modifiedCount, collided: true };
  }
}

/** The limits that tasks wait for a slot of, in order; those that come after `from`, at most `limit`. */
export async function limitKeysInLine(collection: Collection<Task>, from: string, limit: number): Promise<string[]> {
  const keys: string[] = [];
  while (keys.length < limit) {
    const [next] = await collection
      .find({ ...inLine, limitKey: { $gt: keys.at(-1) ?? from } })
      .project<{ limitKey: string }>({ _id: 0, limitKey: 1 })
      .sort({ limitKey: 1 })
      .hint('slotLine')
      .limit(1)
      .toArray();
    if (!next) break;
    keys.push(next.limitKey);
  }
  return keys;
}
