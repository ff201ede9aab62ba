import type { Collection } from 'mongodb';
import { newToken } from '../model/ids';
import type { Task } from '../model/task';
import { isDatabaseAway, refusesDocument } from './database-errors';
import type { DueFloor } from './due-floor';
import { setAside } from './mongo-ends';

/** Makes scheduled tasks that are due queued, soonest first, and returns them. */
export async function promoteTasks(
  collection: Collection<Task>,
  now: Date,
  limit: number,
  floor: DueFloor,
): Promise<Task[]> {
  const due = await floor.read(from =>
    collection
      .find({ state: 'scheduled', dueDate: { $lte: now, ...(from && { $gte: from }) } })
      .project<Pick<Task, '_id' | 'limitKey'>>({ _id: 1, limitKey: 1 })
      .sort({ dueDate: 1, _id: 1 })
      .limit(limit)
      .toArray(),
  );
  if (due.length < limit) floor.promotedUntil(now);
  const ids = due.map(({ _id }) => _id);
  const limited = new Set(due.flatMap(({ _id, limitKey }) => (typeof limitKey === 'string' ? [_id] : [])));
  const free = ids.filter(id => !limited.has(id));
  return [...(await promoteIds(collection, free, now)), ...(await promoteIds(collection, [...limited], now, inLine))];
}

const toQueue = { state: 'queued' } as const;
/** Where its type has a limit over all roles it waits for a slot first. */
const inLine = { state: 'waiting', waitsFor: 'slot' } as const;

/** By a mark of its own, so that of two roles that promote at once each says "due" of its own tasks only. */
async function promoteIds(
  collection: Collection<Task>,
  ids: string[],
  now: Date,
  to: typeof toQueue | typeof inLine = toQueue,
): Promise<Task[]> {
  if (ids.length === 0) return [];
  const mark = newToken();
  const some = { _id: { $in: ids } };
  // The date once more: it may have been moved since the look.
  const due = { ...some, state: 'scheduled' as const, dueDate: { $lte: now } };
  const marked = () => collection.find({ ...some, promotion: mark }).toArray();
  try {
    await collection.updateMany(due, { $set: { ...to, promotion: mark } });
    return await marked();
  } catch (error) {
    if (isDatabaseAway(error)) throw error;
    const [only, ...others] = ids as [string, ...string[]];
    // Where nothing is said against the document, it is due at the next look as well.
    if (others.length === 0)
      return refusesDocument(error) ? setUnpromotableAside(collection, only, now, error as Error) : [];
    // A document that the database refuses to promote must not hold up the others.
    const done = await marked();
    const rest = ids.filter(id => !done.some(({ _id }) => _id === id));
    return [...done, ...(await Promise.all(rest.map(id => promoteIds(collection, [id], now, to)))).flat()];
  }
}

async function setUnpromotableAside(collection: Collection<Task>, _id: string, now: Date, reason: Error): Promise<[]> {
  const error = { name: reason.name, message: `cannot be promoted: ${reason.message}` };
  // Where even that is refused, it stays as it is; the others have been promoted.
  await setAside(collection, { _id }, 'scheduled', error, now).catch(() => {});
  return [];
}
