import { type Collection, MongoServerError } from 'mongodb';
import { finishedStates, type Task } from '../model/task';
import { duplicateKey } from './mongo-insert';
import { placeAsAddedInMongo } from './place';
import type { Cancelled, Retried, RetryChanges } from './task-store';
import { fieldsOfTheEnd, fieldsToUnset, unsetOf } from './transition';

/** Cancels a task that waits; asks for the end of one that runs. */
export async function cancelTask(
  collection: Collection<Task>,
  _id: string,
  now: Date,
  expiresAt: Date,
): Promise<Cancelled> {
  const $unset = unsetOf([...fieldsToUnset('cancelled'), 'recurringKey']);
  const end = { $set: { state: 'cancelled' as const, finishedAt: now, expiresAt }, $unset };
  const cancelled = await collection.updateOne({ _id, state: { $in: ['scheduled', 'queued'] } }, end);
  if (cancelled.matchedCount === 1) return 'cancelled';
  const asked = await collection.updateOne({ _id, state: 'running' }, { $set: { cancelRequested: true } });
  return asked.matchedCount === 1 ? 'requested' : undefined;
}

/** Puts a failed, cancelled or rejected task back in the queue, attempts afresh. */
export async function retryTask(
  collection: Collection<Task>,
  _id: string,
  { dueDate, signature }: RetryChanges,
): Promise<Retried> {
  const ended = { _id, state: { $in: finishedStates.filter(state => state !== 'done') } };
  const deadlineWatch = { $cond: [{ $eq: [{ $type: '$deadline' }, 'date'] }, 'bump', '$$REMOVE'] };
  const order = { priority: '$basePriority', place: placeAsAddedInMongo, dueDate };
  const afresh = { state: 'queued', attempt: 0, ...order, deadlineWatch };
  try {
    const { matchedCount } = await collection.updateOne(ended, [
      { $set: { ...afresh, ...(signature && { signature }) } },
      { $unset: [...fieldsOfTheEnd] },
    ]);
    return matchedCount === 1 ? 'retried' : undefined;
  } catch (error) {
    if (error instanceof MongoServerError && error.code === duplicateKey) return 'duplicate';
    throw error;
  }
}
