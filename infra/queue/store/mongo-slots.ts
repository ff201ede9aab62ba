import type { Collection, Filter, MongoBulkWriteError } from 'mongodb';
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

type First = Pick<Task, '_id' | 'taskType' | 'catalogVersion' | 'priority' | 'place' | 'dueDate' | 'ownDue'>;

const fieldsOfFirst = { taskType: 1, catalogVersion: 1, priority: 1, place: 1, dueDate: 1, ownDue: 1 } as const;

/**
 * Lets tasks in that wait for a slot of a limit, in the queue's order, as far as slots are free: they are queued then.
 * Of those that do so at once, the unique index on the slot lets one have it.
 *
 * @param behind whether they go behind all of their type that are queued: however long ago they were due, the first task
 *   of another key is not overtaken by a second one of this key.
 * @returns how many this call has let in.
 */
export async function admitToSlots(
  collection: Collection<Task>,
  limitKey: string,
  max: number,
  behind: boolean,
): Promise<number> {
  let admitted = 0;
  for (let time = 0; time < tries; time++) {
    const free = await freeSlots(collection, limitKey, max);
    const first = free.length === 0 ? [] : await firstInLine(collection, limitKey, free.length);
    if (first.length === 0) break;
    const places = behind ? await placesBehind(collection, first) : [];
    const { modified, collided } = await giveSlots(collection, first, free, places);
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

async function firstInLine(collection: Collection<Task>, limitKey: string, limit: number): Promise<First[]> {
  const first = collection
    .find({ ...inLine, limitKey })
    .sort(queueOrder)
    .hint('slotLine')
    .limit(limit);
  return first.project<First>(fieldsOfFirst).toArray();
}

/** For each of them the due date that puts it behind all of its type that are queued; its own stays in `ownDue`. */
async function placesBehind(collection: Collection<Task>, tasks: readonly First[]): Promise<Partial<Task>[]> {
  const lasts = new Map<string, Promise<Date | undefined>>();
  return Promise.all(
    tasks.map(async task => {
      const { catalogVersion, priority, place, dueDate, ownDue = dueDate } = task;
      const alike = `${catalogVersion} ${priority} ${place}`;
      const last = lasts.get(alike) ?? lastQueued(collection, task);
      lasts.set(alike, last);
      const after = (await last)?.getTime();
      return after === undefined || after < dueDate.getTime() ? {} : { dueDate: new Date(after + 1), ownDue };
    }),
  );
}

/** When the last one that is queued beside a task was due: one step in the index. */
async function lastQueued(
  collection: Collection<Task>,
  { taskType, catalogVersion, priority, place }: First,
): Promise<Date | undefined> {
  const [last] = await collection
    .find({ state: 'queued', taskType, catalogVersion, priority, place })
    .project<Pick<Task, 'dueDate'>>({ _id: 0, dueDate: 1 })
    .sort({ dueDate: -1 })
    .hint('claim')
    .limit(1)
    .toArray();
  return last?.dueDate;
}

async function giveSlots(
  collection: Collection<Task>,
  tasks: readonly First[],
  slots: readonly string[],
  places: readonly Partial<Task>[],
) {
  const operations = tasks.map(({ _id }, index) => {
    const queued = { state: 'queued' as const, slot: slots[index] as string, ...places[index] };
    return { updateOne: { filter: { _id, ...inLine }, update: { $set: queued, $unset: { waitsFor: '' as const } } } };
  });
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
export function limitKeysInLine(collection: Collection<Task>, from: string, limit: number): Promise<string[]> {
  return keysInLine(collection, { field: 'limitKey', filter: inLine, hint: 'slotLine' }, from, limit);
}

/** A line for each value of a field, by an index that begins with it. */
interface Lines {
  field: 'limitKey' | 'rateKey';
  filter: Filter<Task>;
  hint: string;
}

/** The keys of some lines: one look for each, however long it is. */
export async function keysInLine(
  collection: Collection<Task>,
  { field, filter, hint }: Lines,
  from: string,
  limit: number,
): Promise<string[]> {
  const keys: string[] = [];
  while (keys.length < limit) {
    const [next] = await collection
      .find({ ...filter, [field]: { $gt: keys.at(-1) ?? from } })
      .project<Record<string, string>>({ _id: 0, [field]: 1 })
      .sort({ [field]: 1 })
      .hint(hint)
      .limit(1)
      .toArray();
    if (!next) break;
    keys.push(next[field] as string);
  }
  return keys;
}
