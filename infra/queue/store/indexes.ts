import type { Collection, IndexDescription } from 'mongodb';
import { queueOrder } from '../model/order';
import { liveStates, type Task } from '../model/task';
import { isDatabaseAway } from './database-errors';

/** The names by which a duplicate-key error says what was in the way. */
const uniqueKeyIndex = 'uniqueKey_live';
export const recurringKeyIndex = 'recurringKey_waiting';
export const slotIndex = 'slot_taken';
export const heldKeyIndex = 'unique_held';
/** The names by which queries say which to take. */
export const rateLineIndex = 'rateLine';
export const rateKeyIndex = 'rateKey';

/**
 * The queue's indexes. Each covers only the tasks that it is asked about, so that a write pays for no other and a
 * claim never walks over the future, the running or the finished.
 */
export const indexes: IndexDescription[] = [
  {
    // Type and version in front: paused and unknown types cost nothing. MongoDB merges one scan per type in order.
    name: 'claim',
    key: { taskType: 1, catalogVersion: 1, ...queueOrder },
    partialFilterExpression: { state: 'queued' },
  },
  { name: 'due', key: { dueDate: 1, _id: 1 }, partialFilterExpression: { state: 'scheduled' } },
  { name: 'lease', key: { leaseUntil: 1 }, partialFilterExpression: { state: 'running' } },
  { name: 'deadline', key: { deadline: 1 }, partialFilterExpression: { deadlineWatch: { $exists: true } } },
  {
    name: `${uniqueKeyIndex}_or_waiting`,
    key: { uniqueKey: 1 },
    unique: true,
    partialFilterExpression: { uniqueKey: { $exists: true }, state: { $in: [...liveStates] } },
  },
  {
    name: recurringKeyIndex,
    key: { recurringKey: 1 },
    unique: true,
    partialFilterExpression: { recurringKey: { $exists: true } },
  },
  // One task for each key of `unique`, as long as it has it.
  {
    name: heldKeyIndex,
    key: { 'unique.key': 1 },
    unique: true,
    partialFilterExpression: { 'unique.key': { $exists: true } },
  },
  // What makes a limit over all roles hold: no two tasks have the same slot.
  { name: slotIndex, key: { slot: 1 }, unique: true, partialFilterExpression: { slot: { $exists: true } } },
  {
    // Who waits for a slot of which limit, each line in the queue's order.
    name: 'slotLine',
    key: { limitKey: 1, ...queueOrder },
    partialFilterExpression: { state: 'waiting', waitsFor: 'slot' },
  },
  {
    // Who waits for a rate by key, each line in the queue's order.
    name: rateLineIndex,
    key: { rateKey: 1, ...queueOrder },
    partialFilterExpression: { state: 'waiting', waitsFor: 'rate' },
  },
  {
    // What is not in such a line: queued, or waiting for a slot.
    name: rateKeyIndex,
    key: { rateKey: 1, waitsFor: 1 },
    partialFilterExpression: { rateKey: { $exists: true }, state: { $in: ['queued', 'waiting'] } },
  },
  { name: 'after', key: { after: 1 }, partialFilterExpression: { state: 'waiting', waitsFor: 'predecessors' } },
  {
    name: 'afterBatch',
    key: { afterBatch: 1 },
    partialFilterExpression: { state: 'waiting', waitsFor: 'batch' },
  },
  // Is any member of a batch alive, which have failed, how many are in which state.
  { name: 'batch', key: { batch: 1, state: 1 }, partialFilterExpression: { batch: { $exists: true } } },
  { name: 'waiting', key: { waitsFor: 1, _id: 1 }, partialFilterExpression: { state: 'waiting' } },
  {
    name: 'retention',
    key: { expiresAt: 1 },
    expireAfterSeconds: 0,
    partialFilterExpression: { expiresAt: { $exists: true } },
  },
  // Whose failure is still to be followed by another task.
  { name: 'untoldFailures', key: { finishedAt: 1 }, partialFilterExpression: { state: 'failed', failureTold: false } },
  // The console shows what has not succeeded, of one type or all, the newest first, however many tasks are done.
  {
    name: 'ended',
    key: { state: 1, taskType: 1, finishedAt: -1, _id: -1 },
    partialFilterExpression: { state: { $in: ['failed', 'cancelled', 'rejected'] } },
  },
  // The failed tasks of one group of errors, the newest first.
  {
    name: 'failedOfGroup',
    key: { 'error.fingerprint': 1, finishedAt: -1, _id: -1 },
    partialFilterExpression: { state: 'failed' },
  },
  // Tasks that have tags, the newest first: the others are not in it.
  { name: 'tags', key: { tags: 1, createdAt: -1, _id: -1 }, partialFilterExpression: { tags: { $exists: true } } },
  // For a queue that meteor-cluster wrote: what is not taken over yet is found without reading the rest.
  { name: 'meteorCluster', key: { onGoing: 1 }, partialFilterExpression: { onGoing: { $exists: true } } },
];

/** By whose tasks are found, where an app says whose they are: tasks without an owner are not in it. */
export async function ensureOwnerIndex(collection: Collection<Task>, path: string): Promise<void> {
  const partialFilterExpression = { [path]: { $exists: true } };
  await collection.createIndex({ [path]: 1, createdAt: -1, _id: -1 }, { name: 'owner', partialFilterExpression });
}

/** Which unique index has refused a write, as MongoDB says it. The values behind its name may hold any text. */
export const refusingIndex = (message: string): string => /index: (\S+) dup key/.exec(message)?.[1] ?? '';

/** Whether it is the one on `uniqueKey`, of this version or of one before. */
export const isUniqueKeyIndex = (name: string): boolean => name.startsWith(uniqueKeyIndex);

/** Of versions before: what is here now takes their place. */
const retiredIndexes = [uniqueKeyIndex, 'failed'];

/** Takes away what versions before have left. Call it when the indexes of today are there. */
export async function dropRetiredIndexes(collection: Collection<Task>): Promise<void> {
  const there = await collection.indexes();
  for (const { name } of there) if (retiredIndexes.includes(name as string)) await collection.dropIndex(name as string);
}

/**
 * Makes sure that the indexes are there. Many roles may do so at once.
 *
 * @throws where one can't be made (two tasks have the same `uniqueKey`, say); the others are made all the same.
 */
export async function ensureIndexes(collection: Collection<Task>): Promise<void> {
  try {
    await collection.createIndexes(indexes);
  } catch (error) {
    if (isDatabaseAway(error)) throw error;
    const results = await Promise.allSettled(indexes.map(index => collection.createIndexes([index])));
    const failed = results.findIndex(({ status }) => status === 'rejected');
    if (failed < 0) return;
    const { reason } = results[failed] as PromiseRejectedResult;
    throw new Error(`index ${indexes[failed]?.name}: ${(reason as Error).message}`, { cause: reason });
  }
}
