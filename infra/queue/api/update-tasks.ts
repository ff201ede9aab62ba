import type { Collection, Filter, UpdateFilter } from 'mongodb';
import { withoutCallTimeout } from '../../database';
import { isOldSignature } from '../model/signature';
import type { Task } from '../model/task';
import { findTaskProblem } from '../model/task-problem';
import { parseModifier, parseUpdateOptions, type TaskModifier } from './modifier';
import type { QueueCore } from './queue-core';

export type { TaskModifier } from './modifier';

type Write = (filter: Filter<Task>, modifier: UpdateFilter<Task>, multi: boolean) => Promise<number>;

/**
 * Changes persistent tasks as `TaskQueue.update` was asked to, with what follows from it: a queued task whose due date is
 * moved into the future waits for it, and a deadline that is set is watched, and signed.
 *
 * @returns how many tasks have changed.
 * @throws where a value is wrong, or the change would touch what only an owner may change.
 */
export async function updateTasks(
  core: QueueCore,
  filter: Filter<Task>,
  given: TaskModifier,
  options: { multi?: boolean },
): Promise<number> {
  const { multi } = parseUpdateOptions(options);
  const modifier = withWatch(parseModifier(given));
  const write: Write = (...change) => writeChange(core, ...change);
  const isSigned = 'deadline' in { ...modifier.$set, ...modifier.$unset };
  return isSigned && core.signer.active
    ? updateSigned(core, filter, modifier, multi, write)
    : write(filter, modifier, multi);
}

/** Each gets a signature of its own, and only where the one it has is right: what is forged stays so, and is rejected. */
async function updateSigned(
  { store, signer }: QueueCore,
  filter: Filter<Task>,
  modifier: UpdateFilter<Task>,
  multi: boolean,
  write: Write,
): Promise<number> {
  const { deadline } = (modifier.$set ?? {}) as Partial<Task>;
  let changed = 0;
  for await (const task of withoutCallTimeout(store.collection)
    .find(filter)
    .limit(multi ? 0 : 1)) {
    if (findTaskProblem(task) !== undefined || !signer.verify(task)) continue;
    // An old one does not cover the deadline, nor what else one of today would say of this task.
    const signature = isOldSignature(task.signature) ? task.signature : signer.sign({ ...task, deadline });
    const same = { _id: task._id, signature: task.signature } as Filter<Task>;
    changed += await write(same, { ...modifier, $set: { ...modifier.$set, signature } } as UpdateFilter<Task>, false);
  }
  return changed;
}

async function writeChange(
  { store, clock }: QueueCore,
  filter: Filter<Task>,
  modifier: UpdateFilter<Task>,
  multi: boolean,
): Promise<number> {
  // As many as an operator likes: it may take its time.
  const collection = withoutCallTimeout(store.collection);
  const { dueDate } = (modifier.$set ?? {}) as Partial<Task>;
  if (!dueDate || dueDate <= clock.now()) return (await change(collection, filter, modifier, multi)).modifiedCount;
  const notQueued = { $and: [filter, { state: { $ne: 'queued' as const } }] };
  const others = await change(collection, notQueued, modifier, multi);
  if (!multi && others.matchedCount > 0) return others.modifiedCount;
  const postponed = { ...modifier, $set: { ...modifier.$set, state: 'scheduled' } } as UpdateFilter<Task>;
  const queued = await change(collection, { $and: [filter, { state: 'queued' }] }, postponed, multi);
  return others.modifiedCount + queued.modifiedCount;
}

function change(collection: Collection<Task>, which: Filter<Task>, how: UpdateFilter<Task>, multi: boolean) {
  return multi ? collection.updateMany(which, how) : collection.updateOne(which, how);
}

function withWatch(modifier: UpdateFilter<Task>): UpdateFilter<Task> {
  const { $set, $unset } = modifier as { $set?: Partial<Task>; $unset?: Partial<Record<keyof Task, ''>> };
  if ($set?.deadline) return { ...modifier, $set: { ...$set, deadlineWatch: 'bump' } };
  if ($unset && 'deadline' in $unset) return { ...modifier, $unset: { ...$unset, deadlineWatch: '' } };
  return modifier;
}
