import { BSON, type ClientSession, type Collection, type Db, MongoBulkWriteError, type WriteError } from 'mongodb';
import { withCallTimeout } from '../../database';
import { InvalidTaskError, TaskNotConfirmedError } from '../model/errors';
import type { AnySession } from '../model/new-task';
import { finishedStates, isLive, liveStates, type Task } from '../model/task';
import { isDatabaseAway } from './database-errors';
import { recurringKeyIndex, uniqueKeyIndex } from './indexes';
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
      if (!isDatabaseAway(error)) throw error;
      const ids = insertions.slice(results.length).map(({ task }) => task._id);
      const added = results.filter(({ kind }) => kind === 'added').map(({ id }) => id);
      throw new TaskNotConfirmedError(ids, added, error as Error);
    }
  }
  return results;
}

function partsOf(insertions: readonly Insertion[]): Insertion[][] {
  const parts: Insertion[][] = [];
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
  const refused = await insertMany(collection, insertions);
  return Promise.all(
    insertions.map((insertion, index): Inserted | Promise<Inserted> => {
      const error = refused.get(index);
      return error ? afterDuplicate(collection, insertion, error) : { kind: 'added', id: insertion.task._id };
    }),
  );
}

/** @returns the duplicate-key errors by the insertion's place. */
async function insertMany(
  collection: Collection<Task>,
  insertions: readonly Insertion[],
): Promise<Map<number, WriteError>> {
  try {
    await collection.insertMany(
      insertions.map(({ task }) => task),
      { ordered: false },
    );
    return new Map();
  } catch (error) {
    if (isTooLarge(error)) throw new InvalidTaskError([tooLarge]);
    const writeErrors = error instanceof MongoBulkWriteError ? [error.writeErrors].flat() : [];
    if (writeErrors.length === 0 || writeErrors.some(({ code }) => code !== duplicateKey)) throw error;
    return new Map(writeErrors.map(writeError => [writeError.index, writeError]));
  }
}

const tooLarge = 'data: larger than the 16 MB that MongoDB stores in one document; put what is large into a file';

/** The driver notices some, the server others. */
function isTooLarge(error: unknown): boolean {
  const { message = '', code } = error as { message?: string; code?: unknown };
  return code === 10334 || /(larger|greater) than the max|BSONObjectTooLarge|object to insert too large/i.test(message);
}

async function afterDuplicate(
  collection: Collection<Task>,
  { task, once }: Insertion,
  error: { errmsg?: string | undefined },
): Promise<Inserted> {
  const message = error.errmsg ?? '';
  if (message.includes(recurringKeyIndex)) return mergeInto(collection, task);
  if (message.includes(uniqueKeyIndex)) return holderOfUniqueKey(collection, task);
  if (once) return { kind: 'there', id: task._id };
  return replaceFinished(collection, task);
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
async function replaceFinished(collection: Collection<Task>, task: Task): Promise<Inserted> {
  const { _id, ...rest } = task;
  try {
    const filter = { _id, state: { $in: [...finishedStates] } };
    const { matchedCount } = await collection.replaceOne(filter, rest);
    if (matchedCount === 1) return { kind: 'added', id: _id };
    if (await collection.findOne({ _id }, { projection: { _id: 1 } }))
      return { kind: 'duplicate', id: _id, field: '_id', value: _id };
    // Retention took the finished one away between the two looks.
    const [inserted] = await insertTasks(collection, [{ task, once: false }]);
    return inserted as Inserted;
  } catch (error) {
    const { code, message } = error as { code?: number; message: string };
    if (code !== duplicateKey) throw error;
    return afterDuplicate(collection, { task, once: true }, { errmsg: message });
  }
}

/**
 * Inserts in the caller's transaction. A duplicate-key error would end the transaction, so it looks first and writes
 * then; who comes in between makes a write conflict, after which the caller's driver repeats the transaction.
 *
 * @param name the collection's; the session's own client is asked for it, which may be Meteor's bundled driver.
 */
export async function insertInSession(
  home: Collection<Task>,
  insertions: readonly Insertion[],
  session: AnySession,
): Promise<Inserted[]> {
  const collection = collectionOf(session, home);
  const own = { session: session as ClientSession };
  const results: Inserted[] = [];
  for (const { task, once } of insertions) {
    const inTheWay = await findInTheWay(collection, task, once, own);
    if (inTheWay) results.push(inTheWay);
    else {
      const { _id, ...rest } = task;
      await collection.replaceOne({ _id }, rest, { ...own, upsert: true });
      results.push({ kind: 'added', id: _id });
    }
  }
  return results;
}

function collectionOf(session: AnySession, home: Collection<Task>): Collection<Task> {
  const client = session.client as { db(name: string): Db } | undefined;
  if (!client) throw new Error('session: it names no client, so the task cannot join its transaction');
  return withCallTimeout(client.db(home.dbName)).collection<Task>(home.collectionName);
}

async function findInTheWay(
  collection: Collection<Task>,
  task: Task,
  once: boolean,
  own: { session: ClientSession },
): Promise<Inserted | undefined> {
  const { _id, uniqueKey, recurringKey } = task;
  const same = await collection.findOne({ _id }, own);
  if (same && once) return { kind: 'there', id: _id };
  if (same && isLive(same)) return { kind: 'duplicate', id: _id, field: '_id', value: _id };
  const next = recurringKey === undefined ? null : await collection.findOne({ recurringKey }, own);
  if (next) return { kind: 'merged', id: next._id };
  if (uniqueKey === undefined) return undefined;
  const holder = await collection.findOne({ uniqueKey, state: { $in: [...liveStates] } }, own);
  return holder
    ? { kind: 'duplicate', id: _id, field: 'uniqueKey', value: uniqueKey, existingId: holder._id }
    : undefined;
}
