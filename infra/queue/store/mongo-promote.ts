import type { Collection } from 'mongodb';
import { newToken } from '../model/ids';
import type { Task } from '../model/task';
import { isDatabaseAway, refusesDocument } from './database-errors';
import type { DueFloor } from './due-floor';
import { setAside } from './mongo-ends';

type Due = Pick<Task, '_id' | 'dueDate' | 'limitKey'>;

interface Promotion {
  collection: Collection<Task>;
  now: Date;
  floor: DueFloor;
}

/** Makes scheduled tasks that are due queued, soonest first, and returns them. */
export async function promoteTasks(
  collection: Collection<Task>,
  now: Date,
  limit: number,
  floor: DueFloor,
): Promise<Task[]> {
  const promotedAll = floor.promoting(now);
  const due = await floor.read(from =>
    collection
      .find({ state: 'scheduled', dueDate: { $lte: now, ...(from && { $gte: from }) } })
      .project<Due>({ _id: 1, dueDate: 1, limitKey: 1 })
      .sort({ dueDate: 1, _id: 1 })
      .limit(limit)
      .toArray(),
  );
  const promotion = { collection, now, floor };
  const isLimited = ({ limitKey }: Due) => typeof limitKey === 'string';
  const free = await promote(
    promotion,
    due.filter(task => !isLimited(task)),
  );
  const limited = await promote(promotion, due.filter(isLimited), inLine);
  if (due.length < limit) promotedAll();
  return [...free, ...limited];
}

const toQueue = { state: 'queued' } as const;
/** Where its type has a limit over all roles it waits for a slot first. */
const inLine = { state: 'waiting', waitsFor: 'slot' } as const;

/** By a mark of its own, so that of two roles that promote at once each says "due" of its own tasks only. */
async function promote(
  promotion: Promotion,
  tasks: readonly Due[],
  to: typeof toQueue | typeof inLine = toQueue,
): Promise<Task[]> {
  const [only, ...others] = tasks;
  if (!only) return [];
  const { collection, now } = promotion;
  const mark = newToken();
  const some = { _id: { $in: tasks.map(({ _id }) => _id) } };
  // The date once more: it may have been moved since the look.
  const due = { ...some, state: 'scheduled' as const, dueDate: { $lte: now } };
  const marked = () => collection.find({ ...some, promotion: mark }).toArray();
  try {
    await collection.updateMany(due, { $set: { ...to, promotion: mark } });
    return await marked();
  } catch (error) {
    if (isDatabaseAway(error)) throw error;
    if (others.length === 0) return notPromoted(promotion, only, error as Error);
    // A document that the database refuses to promote must not hold up the others.
    const done = await marked();
    const rest = tasks.filter(({ _id }) => !done.some(one => one._id === _id));
    return [...done, ...(await Promise.all(rest.map(task => promote(promotion, [task], to)))).flat()];
  }
}

/** Where nothing is said against the document, it is due at the next look as well. */
async function notPromoted({ collection, now, floor }: Promotion, { _id, dueDate }: Due, reason: Error): Promise<[]> {
  const error = { name: reason.name, message: `cannot be promoted: ${reason.message}` };
  // Where even that is refused, it stays as it is; the others have been promoted.
  const isGone =
    refusesDocument(reason) && (await setAside(collection, { _id }, 'scheduled', error, now).catch(() => false));
  if (!isGone) floor.scheduled(dueDate);
  return [];
}
