import { type Collection, type Document, MongoServerError } from 'mongodb';
import { defaultOptions } from '../../catalog';
import { finishedStates, type Task, type TaskError } from '../model/task';
import { refusesDocument } from './database-errors';
import { duplicateKey } from './mongo-insert';
import type { Cancelled, Held, Retried, RetryChanges } from './task-store';
import { fieldsOfTheEnd, fieldsToUnset, isA, placeAsAddedInMongo, startAfreshInMongo, unsetOf } from './transition';

/** Cancels a task that waits; asks for the end of one that runs. */
export async function cancelTask(
  collection: Collection<Task>,
  _id: string,
  now: Date,
  expiresAt: Date,
): Promise<Cancelled> {
  const $unset = unsetOf([...fieldsToUnset('cancelled'), 'recurringKey']);
  const end = { $set: { state: 'cancelled' as const, finishedAt: now, expiresAt }, $unset };
  const cancelled = await collection.updateOne({ _id, state: { $in: ['scheduled', 'waiting', 'queued'] } }, end);
  if (cancelled.matchedCount === 1) return 'cancelled';
  const asked = await collection.updateOne({ _id, state: 'running' }, { $set: { cancelRequested: true } });
  return asked.matchedCount === 1 ? 'requested' : undefined;
}

/** Puts a failed, cancelled or rejected task back in the queue, attempts afresh. */
export async function retryTask(collection: Collection<Task>, _id: string, changes: RetryChanges): Promise<Retried> {
  try {
    const { matchedCount } = await collection.updateOne({ _id, ...notDone }, afresh(changes));
    return matchedCount === 1 ? 'retried' : undefined;
  } catch (error) {
    if (isDuplicate(error)) return 'duplicate';
    throw error;
  }
}

/** The same for many in one write. @returns the ids of those whose `uniqueKey` is taken. */
export async function retryTasks(
  collection: Collection<Task>,
  ids: readonly string[],
  changes: RetryChanges,
): Promise<string[]> {
  try {
    await collection.updateMany({ _id: { $in: [...ids] }, ...notDone }, afresh(changes));
    return [];
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    // One of them stopped the write: what it had come to is done.
    const taken: string[] = [];
    for (const id of ids) if ((await retryTask(collection, id, changes)) === 'duplicate') taken.push(id);
    return taken;
  }
}

const notDone = { state: { $in: finishedStates.filter(state => state !== 'done') } };

function isDuplicate(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === duplicateKey;
}

function afresh({ dueDate, signature }: RetryChanges): Document[] {
  const deadlineWatch = { $cond: [isA('date', 'deadline'), 'bump', '$$REMOVE'] };
  const order = { priority: '$basePriority', place: placeAsAddedInMongo, dueDate };
  const failureTold = { $cond: [isA('string', 'onFailed'), false, '$$REMOVE'] };
  const again = { ...startAfreshInMongo(), attempt: 0, ...order, deadlineWatch, failureTold };
  return [{ $set: { ...again, ...(signature && { signature }) } }, { $unset: [...fieldsOfTheEnd] }];
}

/**
 * Takes a document that nothing else can be done with out of everybody's way, whatever is in it: it is `failed`, with
 * the reason. Where not even that fits into it, its payload and history go.
 *
 * @returns whether it was there.
 */
export async function setAside(
  collection: Collection<Task>,
  { _id, owner, token }: Held,
  state: Task['state'],
  error: TaskError,
  now: Date,
): Promise<boolean> {
  const expiresAt = new Date(now.getTime() + defaultOptions.retention.failed);
  const end = { state: 'failed' as const, error, finishedAt: now, expiresAt };
  const rest = { _id: '$_id', taskType: '$taskType', priority: '$priority', createdAt: '$createdAt', attempts: [] };
  const which = { _id, state, ...(owner !== undefined && { owner }), ...(token !== undefined && { token }) };
  try {
    const { matchedCount } = await collection.updateOne(which, [
      { $set: { ...literally(end) } },
      { $unset: [...fieldsToUnset('failed'), 'token'] },
    ]);
    return matchedCount === 1;
  } catch (failure) {
    if (!refusesDocument(failure)) throw failure;
    const { matchedCount } = await collection.updateOne(which, [{ $replaceWith: { ...rest, ...literally(end) } }]);
    return matchedCount === 1;
  }
}

function literally(fields: object): object {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, { $literal: value }]));
}
