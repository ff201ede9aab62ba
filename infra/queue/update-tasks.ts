import type { Filter, UpdateFilter } from 'mongodb';
import { withoutCallTimeout } from '../database';
import { InvalidTaskError } from './errors';
import { findOptionProblem } from './new-task';
import type { QueueCore } from './queue-core';
import type { Task } from './task';

/** What only the owner of a task, or the queue itself, may change. */
const owned = [
  '_id',
  'state',
  'owner',
  'token',
  'leaseUntil',
  'claimedAt',
  'attempt',
  'attempts',
  'cancelRequested',
  'signature',
  'recurringKey',
  'deadlineWatch',
  'createdAt',
  'data',
  'taskType',
];

/** @throws where a modifier of `TaskQueue.update` would change a task's state, claim, history or signed part. */
function refuseStateChanges(modifier: object): void {
  for (const [operator, fields] of Object.entries(modifier)) {
    if (!operator.startsWith('$'))
      throw new Error(`update: ${operator}: give operators ($set, $unset), not a document`);
    for (const path of Object.keys(fields as object)) {
      const field = path.split('.')[0] as string;
      if (owned.includes(field))
        throw new Error(
          `update: ${field} is the queue's own; use cancel, retry, replay or a new task instead of changing it`,
        );
    }
  }
}

/**
 * Changes persistent tasks as `TaskQueue.update` was asked to, with what follows from it: a queued task whose due date is
 * moved into the future waits for it, and a deadline that is set is watched.
 *
 * @returns how many tasks have changed.
 * @throws where a value is wrong, or the change would touch what only an owner may change.
 */
export async function updateTasks(
  { store, clock }: QueueCore,
  filter: Filter<Task>,
  given: UpdateFilter<Task>,
  multi: boolean,
): Promise<number> {
  refuseStateChanges(given);
  refuseWrongValues(given.$set ?? {});
  const modifier = withWatch(given);
  // As many as an operator likes: it may take its time.
  const collection = withoutCallTimeout(store.collection);
  const change = async (which: Filter<Task>, how: UpdateFilter<Task>) =>
    multi ? collection.updateMany(which, how) : collection.updateOne(which, how);
  const { dueDate } = (given.$set ?? {}) as Partial<Task>;
  if (!dueDate || dueDate <= clock.now()) return (await change(filter, modifier)).modifiedCount;
  const others = await change({ $and: [filter, { state: { $ne: 'queued' } }] }, modifier);
  if (!multi && others.matchedCount > 0) return others.modifiedCount;
  const postponed = { ...modifier, $set: { ...modifier.$set, state: 'scheduled' } } as UpdateFilter<Task>;
  const queued = await change({ $and: [filter, { state: 'queued' }] }, postponed);
  return others.modifiedCount + queued.modifiedCount;
}

function refuseWrongValues(values: object): void {
  const problems = Object.entries(values).flatMap(([name, value]) => findOptionProblem(name, value) ?? []);
  if (problems.length > 0) throw new InvalidTaskError(problems);
}

function withWatch(modifier: UpdateFilter<Task>): UpdateFilter<Task> {
  const { $set, $unset } = modifier as { $set?: Partial<Task>; $unset?: Partial<Record<keyof Task, ''>> };
  if ($set?.deadline) return { ...modifier, $set: { ...$set, deadlineWatch: 'bump' } };
  if ($unset && 'deadline' in $unset) return { ...modifier, $unset: { ...$unset, deadlineWatch: '' } };
  return modifier;
}
