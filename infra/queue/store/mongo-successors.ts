import type { Collection, Filter } from 'mongodb';
import type { Task, TaskError, TaskState } from '../model/task';
import { startInMongo } from './transition';

const stillWaits = { state: 'waiting' as const, waitsFor: 'predecessors' as const };

/** Tasks that wait for any of `ids`; at most `limit`. */
export function successorsOf(collection: Collection<Task>, ids: readonly string[], limit: number): Promise<Task[]> {
  return collection
    .find({ ...stillWaits, after: { $in: [...ids] } })
    .hint('after')
    .limit(limit)
    .toArray();
}

/** Tasks that wait for others, in the order of their ids, those after `from`; at most `limit`. */
export function waitingForOthers(collection: Collection<Task>, from: string, limit: number): Promise<Task[]> {
  return collection
    .find({ ...stillWaits, _id: { $gt: from } })
    .sort({ waitsFor: 1, _id: 1 })
    .hint('waiting')
    .limit(limit)
    .toArray();
}

/** The states of those of `ids` that are there. */
export async function statesOf(collection: Collection<Task>, ids: readonly string[]): Promise<Map<string, TaskState>> {
  if (ids.length === 0) return new Map();
  const found = await collection
    .find({ _id: { $in: [...ids] } })
    .project<Pick<Task, '_id' | 'state'>>({ state: 1 })
    .toArray();
  return new Map(found.map(({ _id, state }) => [_id, state]));
}

/**
 * What they waited for has ended: each is scheduled, queued, or waits for a slot, as `startStateOf` says.
 *
 * @param which of the tasks that wait for what has ended.
 */
export async function goOn(collection: Collection<Task>, which: Filter<Task>, now: Date): Promise<void> {
  // Not journalled, as a claim: what the database forgets in a crash waits again.
  const writeConcern = { w: 1 };
  const start = startInMongo({ $gt: ['$dueDate', now] });
  await collection.updateMany({ state: 'waiting', ...which }, [{ $set: start }], { writeConcern });
}

/** A task that will not run ends. @returns whether it still waited. */
export async function endWaiting(
  collection: Collection<Task>,
  _id: string,
  end: { state: 'failed' | 'cancelled'; error?: TaskError; finishedAt: Date; expiresAt: Date },
): Promise<boolean> {
  const $unset = { waitsFor: '', deadlineWatch: '', cancelRequested: '' } as const;
  const { matchedCount } = await collection.updateOne({ _id, ...stillWaits }, { $set: end, $unset });
  return matchedCount === 1;
}
