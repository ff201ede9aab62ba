import type { Collection } from 'mongodb';
import { defaultOptions, normalForm } from '../../catalog';
import type { QueueCore } from '../api/queue-core';
import { placeOf } from '../model/order';
import type { Task } from '../model/task';

/** A document as meteor-cluster writes it: no state, but `onGoing`. */
interface MeteorClusterTask {
  _id: string;
  taskType: string;
  priority?: number;
  data?: unknown;
  createdAt?: Date;
  dueDate?: Date;
  onGoing?: boolean;
}

const batch = 500;

/**
 * Takes over what meteor-cluster left in the queue: each document becomes a task by one atomic write, so that two roles
 * that start together do it once. What was under way (`onGoing`) starts again, as it did there after a restart.
 *
 * @param signingAllowed with signing keys, unsigned tasks are taken over (and signed) only where a setting allows it.
 */
export async function migrateFromMeteorCluster(core: QueueCore, signingAllowed: boolean): Promise<number> {
  const collection = core.store.collection as unknown as Collection<MeteorClusterTask>;
  const left = { onGoing: { $exists: true }, state: { $exists: false } };
  if (core.signer.active && !signingAllowed) {
    const count = await collection.countDocuments(left, { limit: 10_000, hint: 'meteorCluster' });
    if (count > 0)
      core.emit('queue.takeOverRefused', {
        count,
        hint: 'tasks of meteor-cluster have no signature: set queue.takeOver to true for one start, then take it out',
      });
    return 0;
  }
  let taken = 0;
  for (;;) {
    const found = await collection.find(left).hint('meteorCluster').limit(batch).toArray();
    if (found.length === 0) break;
    taken += await convert(core, collection, found);
  }
  if (taken > 0) core.emit('queue.takenOver', { count: taken });
  return taken;
}

async function convert(
  core: QueueCore,
  collection: Collection<MeteorClusterTask>,
  found: MeteorClusterTask[],
): Promise<number> {
  const operations = found.map(old => {
    const { _id, ...task } = asTask(core, old);
    const update = { $set: task, $unset: { onGoing: '' } };
    return { updateOne: { filter: { _id, state: { $exists: false } } as never, update: update as never } };
  });
  return (await collection.bulkWrite(operations, { ordered: false })).modifiedCount;
}

function asTask({ catalog, clock, sender, signer }: QueueCore, old: MeteorClusterTask): Task {
  const now = clock.now();
  const { value: data, problems } = normalForm(old.data ?? {}, `${old.taskType}.data`);
  const definition = Object.hasOwn(catalog, old.taskType) ? catalog[old.taskType] : undefined;
  const dueDate = old.dueDate instanceof Date ? old.dueDate : now;
  const priority = Number.isSafeInteger(old.priority) ? (old.priority as number) : defaultOptions.priority;
  const task: Task = {
    _id: old._id,
    taskType: old.taskType,
    data: data ?? old.data,
    state: dueDate > now ? 'scheduled' : 'queued',
    priority,
    basePriority: priority,
    place: placeOf({ front: false, interrupted: false }),
    createdAt: old.createdAt instanceof Date ? old.createdAt : now,
    dueDate,
    attempt: 0,
    attempts: [],
    sender,
    catalogVersion: definition?.version ?? 1,
  };
  if (typeof old.taskType !== 'string')
    return {
      ...task,
      taskType: 'unknown',
      ...rejected(now, 'taskType: meteor-cluster left it without the name of a type'),
    };
  if (problems.length > 0) return { ...task, ...rejected(now, problems.join('; ')) };
  return signer.active ? { ...task, signature: signer.sign(task) } : task;
}

/** It was never checked there what a task is. One that no role could ever claim is kept where it is seen. */
function rejected(now: Date, message: string): Partial<Task> {
  const error = { name: 'PayloadError', message };
  const expiresAt = new Date(now.getTime() + defaultOptions.retention.failed);
  return { state: 'rejected', error, finishedAt: now, expiresAt };
}
