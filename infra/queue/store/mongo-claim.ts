import type { Collection, Filter, FindOneAndUpdateOptions, UpdateFilter } from 'mongodb';
import { queueOrder } from '../model/order';
import type { Task } from '../model/task';
import { refusesDocument } from './database-errors';
import { setAside } from './mongo-ends';
import { inOneReply } from './mongo-peek';
import type { Claim } from './task-store';

// The server takes an index by its name here too; the driver's types have forgotten it.
const inOrder = { sort: queueOrder, hint: 'claim' as never };

/** Claims the first that a filter finds, in the queue's order: in one round trip. */
export function takeFirstQueued(
  collection: Collection<Task>,
  filter: Filter<Task>,
  claim: Claim,
): Promise<Task | undefined> {
  return takeOne(collection, filter, claim, inOrder);
}

/** Claims those of `ids` that are still queued: one write, and one read by the fresh token. */
export async function takeQueued(collection: Collection<Task>, ids: readonly string[], claim: Claim): Promise<Task[]> {
  const [only, ...others] = ids;
  if (only === undefined) return [];
  try {
    if (others.length > 0) return await takeMany(collection, ids, claim);
    const task = await takeOne(collection, { _id: only, state: 'queued' }, claim);
    return task ? [task] : [];
  } catch (error) {
    if (!refusesDocument(error)) throw error;
    if (others.length === 0) return await setUnclaimableAside(collection, only, claim, error as Error);
    // One of them stands in the way of the others: what has been claimed by then has the token already.
    for (const id of ids) await takeQueued(collection, [id], claim);
    return findClaimed(collection, ids, claim);
  }
}

async function takeMany(collection: Collection<Task>, ids: readonly string[], claim: Claim): Promise<Task[]> {
  const queued = { _id: { $in: [...ids] }, state: 'queued' as const };
  const { modifiedCount } = await collection.updateMany(queued, changeOf(claim), { writeConcern });
  return modifiedCount === 0 ? [] : findClaimed(collection, ids, claim);
}

async function setUnclaimableAside(collection: Collection<Task>, id: string, claim: Claim, why: Error): Promise<[]> {
  const error = { name: 'TaskError', message: `cannot be claimed: ${why.message}` };
  await setAside(collection, { _id: id }, 'queued', error, claim.now);
  return [];
}

async function findClaimed(collection: Collection<Task>, ids: readonly string[], { token }: Claim): Promise<Task[]> {
  const found = collection.find({ _id: { $in: [...ids] }, token }).batchSize(inOneReply(ids.length));
  const tasks = await found.toArray();
  const rank = new Map(ids.map((id, index) => [id, index]));
  return tasks.sort((a, b) => rank.get(a._id)! - rank.get(b._id)!);
}

/** A single task, in one round trip: what somebody waits for mostly comes alone. */
async function takeOne(
  collection: Collection<Task>,
  filter: Filter<Task>,
  claim: Claim,
  options: Pick<FindOneAndUpdateOptions, 'sort' | 'hint'> = {},
): Promise<Task | undefined> {
  const after = { returnDocument: 'after', writeConcern, ...options } as const;
  return (await collection.findOneAndUpdate(filter, changeOf(claim), after)) ?? undefined;
}

/** Not journalled: a claim that the database forgets in a crash is void by its token, and the task queued again. */
const writeConcern = { w: 1 };

function changeOf({ owner, token, now, leaseUntil }: Claim): UpdateFilter<Task> {
  const claimed = { state: 'running', owner, token, leaseUntil, claimedAt: now } as const;
  // Where it stood in the queue counts no more: its handler sees when it was due.
  return { $set: claimed, $unset: { recurringKey: '' }, $rename: { ownDue: 'dueDate' } };
}
