import { BSON, type Collection, MongoBulkWriteError, type WriteError } from 'mongodb';
import { InvalidTaskError, TaskNotConfirmedError } from '../model/errors';
import { finishedStates, liveStates, type Task } from '../model/task';
import { isDatabaseAway } from './database-errors';
import { heldKeyIndex, isUniqueKeyIndex, recurringKeyIndex, refusingIndex, slotIndex } from './indexes';
import { afterHeldKey } from './mongo-held-key';
import type { Inserted, Insertion } from './task-store';

const { calculateObjectSize } = BSON;

/** MongoDB's code for a write that a unique index refuses. */
export const duplicateKey = 11000;

/** One write holds no more than this, so that each is done long before the time that a call may take. */
const mostAtOnce = { tasks: 1_000, bytes: 8_000_000 };

/**
 * Inserts all, a thousand in one round trip, and looks closer only at those that were refused.
 *
 * @throws TaskNotConfirmedError where the database did not answer: what it has got is not known.
 */
export async function insertTasks(collection: Collection<Task>, insertions: readonly Insertion[]): Promise<Inserted[]> {
  const results: Inserted[] = [];
  for (const part of partsOf(insertions)) {
    try {
      results.push(...(await insertPart(collection, part)));
    } catch (error) {
      const ids = insertions.slice(results.length).map(({ task }) => task._id);
      const added = results.filter(({ kind }) => kind === 'added').map(({ id }) => id);
      throw asNotConfirmed(error, ids, added);
    }
  }
  return results;
}

/** What the caller is told where the database did not answer; any other error as it is. */
export function asNotConfirmed(error: unknown, ids: readonly string[], added: readonly string[] = []): unknown {
  return isDatabaseAway(error) ? new TaskNotConfirmedError(ids, added, error as Error) : error;
}

export function partsOf<T extends Insertion>(insertions: readonly T[]): T[][] {
  const parts: T[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const insertion of insertions) {
    const size = insertions.length === 1 ? 0 : sizeOf(insertion.task);
    const last = parts.at(-1);
    const fits = last !== undefined && last.length < mostAtOnce.tasks && bytes + size <= mostAtOnce.bytes;
    bytes = fits ? bytes + size : size;
    if (fits) last.push(insertion);
    else parts.push([insertion]);
  }
  return parts;
}

/** What can't be measured can't be stored either, and the driver says why. */
function sizeOf(task: Task): number {
  try {
    return calculateObjectSize(task, { ignoreUndefined: true });
  } catch {
    return 0;
  }
}

async function insertPart(collection: Collection<Task>, insertions: readonly Insertion[]): Promise<Inserted[]> {
  const { refused, error } = await insertMany(collection, insertions);
  if ([...refused.values()].some(({ code }) => code !== duplicateKey)) throw error;
  return Promise.all(
    insertions.map((insertion, index): Inserted | Promise<Inserted> => {
      const refusal = refused.get(index);
      return refusal ? afterDuplicate(collection, insertion, refusal) : { kind: 'added', id: insertion.task._id };
    }),
  );
}

/** What the database has refused, by the insertion's place, and the error that tells of all of it. */
export interface Refusals {
  refused: ReadonlyMap<number, WriteError>;
  error?: Error;
}

/** @throws where nothing of it is written, or nobody knows. */
export async function insertMany(collection: Collection<Task>, insertions: readonly Insertion[]): Promise<Refusals> {
  try {
    await collection.insertMany(
      insertions.map(({ task }) => task),
      { ordered: false },
    );
    return { refused: new Map() };
  } catch (error) {
    const writeErrors = writeErrorsOf(error);
    const reason = isTooLarge(error) ? new InvalidTaskError([tooLarge]) : (error as Error);
    if (writeErrors.length === 0) throw reason;
    return { refused: new Map(writeErrors.map(one => [one.index, one])), error: reason };
  }
}

/** What a bulk write says of the single writes; nothing where the error is of another kind. */
export function writeErrorsOf(error: unknown): WriteError[] {
  return error instanceof MongoBulkWriteError ? [error.writeErrors].flat() : [];
}

const tooLarge = 'data: larger than the 16 MB that MongoDB stores in one document; put what is large into a file';

/** The driver notices some, the server others. */
function isTooLarge(error: unknown): boolean {
  const { message = '', code } = error as { message?: string; code?: unknown };
  return code === 10334 || /(larger|greater) than the max|BSONObjectTooLarge|object to insert too large/i.test(message);
}

export async function afterDuplicate(
  collection: Collection<Task>,
  insertion: Insertion,
  error: { errmsg?: string | undefined },
): Promise<Inserted> {
  const { task, once } = insertion;
  const index = refusingIndex(error.errmsg ?? '');
  if (index === heldKeyIndex) return afterKeyTaken(collection, insertion);
  if (index === recurringKeyIndex) return mergeInto(collection, task);
  if (index === slotIndex) return insertInLine(collection, insertion);
  if (isUniqueKeyIndex(index)) return holderOfUniqueKey(collection, task);
  if (once) return { kind: 'there', id: task._id };
  // One that is done may have the key still.
  const byKey = await afterHeldKey(collection, insertion);
  return byKey ?? replaceFinished(collection, insertion);
}

/** Where whoever had the key has left it meanwhile, it is added after all. */
async function afterKeyTaken(collection: Collection<Task>, insertion: Insertion): Promise<Inserted> {
  const byKey = await afterHeldKey(collection, insertion);
  return byKey ?? ((await insertTasks(collection, [insertion]))[0] as Inserted);
}

/** The slot that it was to have is taken: it waits for one. */
async function insertInLine(collection: Collection<Task>, insertion: Insertion): Promise<Inserted> {
  const { slot: _, ...task } = insertion.task;
  const waiting: Task = { ...task, state: 'waiting', waitsFor: 'slot' };
  const [inserted] = await insertTasks(collection, [{ ...insertion, task: waiting }]);
  return inserted?.kind === 'added' ? { ...inserted, waits: true } : (inserted as Inserted);
}

async function mergeInto(collection: Collection<Task>, task: Task): Promise<Inserted> {
  const next = await collection.findOne({ recurringKey: task.recurringKey }, { projection: { _id: 1 } });
  if (next) return { kind: 'merged', id: next._id };
  // It began between the two looks: now this one is the next round.
  const [inserted] = await insertTasks(collection, [{ task, once: false }]);
  return inserted as Inserted;
}

async function holderOfUniqueKey(collection: Collection<Task>, { _id, uniqueKey }: Task): Promise<Inserted> {
  const selector = { uniqueKey, state: { $in: [...liveStates] } };
  const holder = await collection.findOne(selector, { projection: { _id: 1 } });
  const duplicate = { kind: 'duplicate', id: _id, field: 'uniqueKey', value: String(uniqueKey) } as const;
  return holder ? { ...duplicate, existingId: holder._id } : duplicate;
}

/** A finished task of this id makes room; a live one is in the way. */
async function replaceFinished(collection: Collection<Task>, insertion: Insertion): Promise<Inserted> {
  const { _id, ...rest } = insertion.task;
  try {
    const filter = { _id, state: { $in: [...finishedStates] } };
    const { matchedCount } = await collection.replaceOne(filter, rest);
    if (matchedCount === 1) return { kind: 'added', id: _id };
    if (await collection.findOne({ _id }, { projection: { _id: 1 } }))
      return { kind: 'duplicate', id: _id, field: '_id', value: _id };
    // Retention took the finished one away between the two looks.
    const [inserted] = await insertTasks(collection, [{ ...insertion, once: false }]);
    return inserted as Inserted;
  } catch (error) {
    const { code, message } = error as { code?: number; message: string };
    if (code !== duplicateKey) throw error;
    if (refusingIndex(message) === slotIndex) return insertInLine(collection, { ...insertion, once: false });
    return afterDuplicate(collection, { ...insertion, once: true }, { errmsg: message });
  }
}
