import type { ClientSession, Collection, Filter, MongoServerError } from 'mongodb';
import type { Task } from '../model/task';
import { hasNotBegun, holdsKey, replacementOf } from '../model/unique';
import { isUniqueKeyIndex, refusingIndex } from './indexes';
import type { Inserted, Insertion } from './task-store';

/** Of many that want the same key at once, each look brings one further. */
const mostLooks = 1_000;

type InSession = { session?: ClientSession };

/**
 * What comes of a task whose key (`unique`) is taken. Whoever has it no more by its own state and time loses it here; each
 * write matches what was seen, so that of several who come at once all get what the index decides.
 *
 * @returns nothing where the key is free now, or the task is to have none: it is to be added.
 */
export async function afterHeldKey(
  collection: Collection<Task>,
  insertion: Insertion,
  own: InSession = {},
): Promise<Inserted | undefined> {
  const { task, unique } = insertion;
  if (!task.unique || !unique) return undefined;
  const { key } = task.unique;
  for (let look = 0; look < mostLooks; look++) {
    const holder = await collection.findOne({ 'unique.key': key }, own);
    if (!holder) return undefined;
    // Its own time is the database's, a moment ago.
    const now = task.createdAt;
    if (!unique.isGenuine(holder) || !holdsKey(holder, unique.on, now)) {
      await collection.updateOne(asSeen(holder), { $unset: { unique: '' } }, own);
      continue;
    }
    const answer =
      unique.on === 'replace' ? await replace(collection, holder, insertion, own) : kept(holder, insertion);
    if (answer) return answer;
  }
  throw new Error(`unique: "${key}" changes hands without end; nothing was added`);
}

function kept(holder: Task, { task, unique }: Insertion): Inserted {
  if (unique?.on === 'keep') return { kind: 'merged', id: holder._id };
  const { key = '', until } = holder.unique ?? {};
  const value = key.slice(key.indexOf('/') + 1);
  const by = { existingId: holder._id, ...(until && { until }) };
  return { kind: 'duplicate', id: task._id, field: 'unique', value, ...by };
}

/** @returns nothing where it has begun, or gone, since it was seen. */
async function replace(
  collection: Collection<Task>,
  holder: Task,
  { task, unique }: Insertion,
  own: InSession,
): Promise<Inserted | undefined> {
  const replacement = unique!.signed(replacementOf(holder, task, task.createdAt));
  const { _id, ...rest } = replacement;
  try {
    const { matchedCount } = await collection.replaceOne(asSeen(holder), rest, own);
    if (matchedCount === 0) return undefined;
  } catch (error) {
    // In a transaction it has ended by this; elsewhere its `uniqueKey` is another one's.
    const { code, message } = error as MongoServerError;
    if (own.session || code !== 11000 || !isUniqueKeyIndex(refusingIndex(message))) throw error;
    return { kind: 'duplicate', id: task._id, field: 'uniqueKey', value: String(task.uniqueKey) };
  }
  const isFreed = holder.slot !== undefined && replacement.slot === undefined;
  return { kind: 'replaced', id: _id, task: replacement, ...(isFreed && { freed: holder.limitKey as string }) };
}

const isText = (value: unknown) => typeof value === 'string';
/** Whatever else somebody has written there. */
const notText = { $not: { $type: 'string' } };

function asSeen(holder: Task): Filter<Task> {
  const { _id, state, slot, attempt } = holder;
  const { key } = holder.unique!;
  const begun = hasNotBegun(holder) ? { attempts: { $size: 0 } } : {};
  return { _id, state, attempt, slot: isText(slot) ? slot : notText, 'unique.key': key, ...begun } as Filter<Task>;
}
