import type { ClientSession, Collection, Db } from 'mongodb';
import { withCallTimeout } from '../../database';
import type { AnySession } from '../model/add-options';
import { isLive, liveStates, type Task } from '../model/task';
import { afterHeldKey } from './mongo-held-key';
import type { Inserted, Insertion } from './task-store';

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
  for (const insertion of insertions) {
    const { task, once } = insertion;
    const inTheWay =
      (await findInTheWay(collection, task, once, own)) ?? (await afterHeldKey(collection, insertion, own));
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
