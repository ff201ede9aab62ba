import type { Collection, Filter } from 'mongodb';
import { queueOrder } from '../model/order';
import type { Task } from '../model/task';
import { rateKeyIndex, rateLineIndex } from './indexes';
import { keysInLine } from './mongo-slots';

const inLine = { state: 'waiting' as const, waitsFor: 'rate' as const };
/** What a line takes: it is queued, or would be with the next free slot. */
const onItsWay = { state: { $in: ['queued', 'waiting'] }, waitsFor: { $in: [null, 'slot'] } } as Filter<Task>;

/** Not journalled, as a claim: what the database forgets in a crash is put there again by the next claim. */
const writeConcern = { w: 1 };
/** One look takes no more than this, so that a claim is never long in coming. */
const mostAtOnce = 2_000;

/** A task on its way into the line of its key. */
type InLine = Pick<Task, '_id' | 'limitKey' | 'slot'>;

/**
 * Takes tasks of a key out of the way of claims, and as many others of this key as one look finds.
 *
 * @param ids of queued tasks of this key; they are counted under it from now on, also those from before their type had it.
 * @returns the slots that have come free by this: their limits.
 */
export async function putInRateLine(
  collection: Collection<Task>,
  rateKey: string,
  ids: readonly string[],
): Promise<string[]> {
  const found = await collection
    .find({ rateKey, ...onItsWay })
    .hint(rateKeyIndex)
    .limit(mostAtOnce)
    .project<InLine>({ limitKey: 1, slot: 1 })
    .toArray();
  const all = [...new Set([...ids, ...found.map(({ _id }) => _id)])];
  await collection.updateMany(
    { _id: { $in: all }, ...onItsWay },
    { $set: { ...inLine, rateKey }, $unset: { slot: '' } },
    { writeConcern },
  );
  return found.flatMap(({ slot, limitKey }) => (slot !== undefined && limitKey !== undefined ? [limitKey] : []));
}

/** The first in the line of a key, in the queue's order. */
export function firstInRateLine(
  collection: Collection<Task>,
  rateKey: string,
  limit: number,
): Promise<Pick<Task, '_id' | 'limitKey'>[]> {
  return collection
    .find({ ...inLine, rateKey })
    .sort(queueOrder)
    .hint(rateLineIndex)
    .limit(limit)
    .project<Pick<Task, '_id' | 'limitKey'>>({ limitKey: 1 })
    .toArray();
}

/** How many tasks of these keys are on their way to a claim. */
export async function countOnTheirWay(
  collection: Collection<Task>,
  rateKeys: readonly string[],
): Promise<Map<string, number>> {
  const counts = collection.aggregate<{ _id: string; count: number }>(
    [{ $match: { rateKey: { $in: [...rateKeys] }, ...onItsWay } }, { $group: { _id: '$rateKey', count: { $sum: 1 } } }],
    { hint: rateKeyIndex },
  );
  return new Map((await counts.toArray()).map(({ _id, count }) => [_id, count]));
}

/** The keys that tasks wait for the rate of, in order; those that come after `from`, at most `limit`. */
export function rateKeysInLine(collection: Collection<Task>, from: string, limit: number): Promise<string[]> {
  return keysInLine(collection, { field: 'rateKey', filter: inLine, hint: rateLineIndex }, from, limit);
}
